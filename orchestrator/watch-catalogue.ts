import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Config } from './config.ts'
import { pinsFile } from './execute/pin-store.ts'
import { loadCatalogue } from './load-catalogue.ts'
import type { Catalogue } from './model/catalogue.ts'

/** A file is often written in several steps. */
const restMs = 100
/** Not every file system tells of changes. */
const lookEveryMs = 30_000

export interface WatchOptions {
  /** Takes up what is reviewed now; rejects where a part of it does not start. */
  adopt(next: Catalogue): Promise<void>
  /** Told why what is in the files now was not taken up, or not wholly; what was before stands. */
  onTrouble(error: unknown): void
}

/** Follows `servers.json`, and what people accepted, until it is closed: each change is taken up once, one after the other. */
export function watchCatalogue(config: Config, { adopt, onTrouble }: WatchOptions): { close(): Promise<void> } {
  const files = [config.serversFile, pinsFile(config.home)]
  const watchers: FSWatcher[] = []
  let seen = textsOf(files)
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
    await adopt(loadCatalogue(config))
  }

  for (const file of files) {
    try {
      // The folder, for a file that is replaced is another one.
      const watcher = watch(dirname(file), { persistent: false }, (_, name) => {
        if (name === null || name === basename(file)) soon()
      })
      watcher.on('error', onTrouble)
      watchers.push(watcher)
    } catch (error) {
      onTrouble(error)
    }
  }
  const slow = setInterval(soon, lookEveryMs).unref()

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
