import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** A small state that outlives its process: change `state` in place, then `save`. */
export interface Store<T> {
  state: T
  /** Writes the whole state; a reader, or a start after a crash, sees the old file or the new one and never half of one. */
  save(): void
}

/** Opens the state in a JSON file, or starts with `initial` where there is no file. Throws where the file is not JSON. */
export function openStore<T>(file: string, initial: T): Store<T> {
  const store: Store<T> = {
    state: read(file) ?? structuredClone(initial),
    save() {
      const next = `${file}.${process.pid}.tmp`
      writeFileSync(next, `${JSON.stringify(store.state, null, 2)}\n`, { mode: 0o600 })
      renameSync(next, file)
    },
  }
  return store
}

function read<T>(file: string): T | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new Error(`${file} does not hold JSON; delete it to start afresh`, { cause })
  }
}
