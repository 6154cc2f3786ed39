import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { digest } from '../shared/json.ts'
import { manifestFileOf } from '../shared/manifest.ts'
import type { Reviewed } from './check-change.ts'
import { readConfig } from './config.ts'
import { pinsFile } from './execute/pin-store.ts'
import { consentsFile } from './go-live.ts'
import { loadCatalogue } from './load-catalogue.ts'

/** A file is often written in several steps. */
const restMs = 100
/** Not every file system tells of changes. */
const lookEveryMs = 30_000

export interface WatchOptions {
  /** Takes up what is reviewed now; rejects where it does not. */
  adopt(next: Reviewed): Promise<void>
  /** Told, once, why what is in the files now was not taken up; what was before stands. */
  onTrouble(error: unknown): void
}

/**
 * Follows every file that says which servers there are, how they are set up and what people accepted, until it is closed:
 * each change of what is `used` is taken up once, one after the other. What changed before this began is one of them: between
 * reading the files and following them a person may have been asked, and servers started.
 */
export function watchCatalogue(used: Reviewed, { adopt, onTrouble }: WatchOptions): { close(): Promise<void> } {
  const { config } = used
  const { root, file, serversFile, home, environment } = config
  const files = [manifestFileOf(root), serversFile, file, pinsFile(home), consentsFile(home)]
  const watchers: FSWatcher[] = []
  let seen: string | undefined
  let inUse = digestOf(used)
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let underWay = Promise.resolve()

  const look = () => {
    timer = undefined
    underWay = underWay.then(takeUp).catch(onTrouble)
  }
  const soon = () => {
    if (closed) return
    timer ??= setTimeout(look, restMs)
  }
  async function takeUp(): Promise<void> {
    const now = textsOf(files)
    if (closed || now === seen) return
    seen = now
    // What else the configuration says counts from the next start.
    const next = { ...config, servers: readConfig(environment).servers }
    const reviewed = { catalogue: loadCatalogue(next), config: next }
    if (digestOf(reviewed) === inUse) return
    await adopt(reviewed)
    inUse = digestOf(reviewed)
  }

  for (const [folder, inFolder] of Map.groupBy(files, dirname)) {
    const names = inFolder.map((path) => basename(path))
    try {
      // The folder, for a file that is replaced is another one.
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || names.includes(name)) soon()
      })
      watcher.on('error', onTrouble)
      watchers.push(watcher)
    } catch (error) {
      onTrouble(error)
    }
  }
  const slow = setInterval(soon, lookEveryMs).unref()
  soon()

  return {
    async close() {
      closed = true
      clearInterval(slow)
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
      await underWay
    },
  }
}

function digestOf({ catalogue, config }: Reviewed): string {
  return digest([catalogue.digest, [...(catalogue.joined ?? [])], config.servers])
}

function textsOf(files: readonly string[]): string {
  return files.map((file) => `${file}\n${textOf(file)}`).join('\n')
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
