import { randomBytes } from 'node:crypto'
import { type Draft, draft, type Mode } from '../../orchestrator/model/event.ts'

/** A uuidv7 of this instant. */
export function newRunId(): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The smallest event that a run can hold. */
export function noted(what: string): Draft {
  return draft('system_noted', { what, details: {} })
}

/** The least of a first event that tells which mode its run is of. */
export function begun(mode: Mode): Draft {
  return { type: 'run_created', data: { mode } } as unknown as Draft
}
