import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from './config.ts'
import { type Known, parseTrigger } from './triggers/parse-trigger.ts'
import type { Trigger } from './triggers/trigger.ts'

/** The triggers of all folders. Throws a `YamlError`, or a {@link ConfigError} for a name or a queue that two of them have. */
export function loadTriggers(folders: readonly string[], known: Known): Trigger[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(folder, name)),
  )
  const taken = new Map<string, string>()
  return files.map((file) => {
    const trigger = parseTrigger(readFileSync(file, 'utf8'), file, known)
    const own = [`trigger ${trigger.trigger}`, ...('queue' in trigger.on ? [`queue ${trigger.on.queue}`] : [])]
    for (const what of own) {
      const other = taken.get(what)
      if (other !== undefined) throw new ConfigError(`The ${what} is in ${other} already, and in ${file}: name it once`)
      taken.set(what, file)
    }
    return trigger
  })
}
