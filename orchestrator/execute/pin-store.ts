import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type Pin, pinSchema } from '../model/pin.ts'

const fileSchema = z.strictObject({ pins: z.array(pinSchema) })

/** Where a home keeps what people accepted. */
export function pinsFile(home: string): string {
  return join(home, 'pins.json')
}

/** The pins in a file. One that is not there or cannot be read holds none: what changed stays refused. */
export function readPins(path: string): Pin[] {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).pins
  } catch {
    return []
  }
}

/** Keeps pins (0600), each in the place of an earlier one of the same tool. */
export function keepPins(path: string, pins: readonly Pin[]): void {
  const isReplaced = (kept: Pin) => pins.some(({ server, tool }) => server === kept.server && tool === kept.tool)
  write(path, [...readPins(path).filter((kept) => !isReplaced(kept)), ...pins])
}

/** Forgets what was accepted of a server's tools. */
export function dropPins(path: string, server: string): void {
  const all = readPins(path)
  const left = all.filter((kept) => kept.server !== server)
  if (left.length < all.length) write(path, left)
}

function write(path: string, pins: readonly Pin[]): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${JSON.stringify({ pins }, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, path)
}
