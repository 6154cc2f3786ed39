import { join } from 'node:path'
import type { JsonObject } from '../shared/json.ts'
import type { Config } from './config.ts'
import type { ToldTools } from './execute/list-tools.ts'
import { dropPins, keepPins, pinsFile } from './execute/pin-store.ts'
import { driftOf, unreadable } from './execute/tool-drift.ts'
import { withFileLock } from './home/file-lock.ts'
import { openHome } from './home/home.ts'
import type { Catalogue } from './model/catalogue.ts'
import { type Draft, draft } from './model/event.ts'
import { type Pin, pinOf } from './model/pin.ts'
import type { ChangedTool, ToolFace } from './model/tool-review.ts'

/** A tool that a running server tells otherwise than it was reviewed; with the pin that accepts it, where it can be accepted. */
export interface ComparedTool extends ChangedTool {
  pin?: Pin
}

/** The tools of a catalogue that differ from what their server tells, and by whom they would be accepted. */
export function compareTools(
  { tools }: Pick<Catalogue, 'tools'>,
  { reviewed }: ToldTools,
  accepted: Pick<Pin, 'by' | 'at'>,
): ComparedTool[] {
  return [...tools.values()].flatMap((tool) => {
    // What is no tool of the server's own is not on its list.
    if (tool.method) return []
    const told = reviewed.get(tool.name) ?? []
    const why = driftOf(tool, told)
    if (why === undefined) return []
    const [live] = told
    const pin = live && told.length === 1 && why !== unreadable ? pinOf(tool, live, accepted) : undefined
    return [{ tool: tool.name, why, reviewed: faceOf(tool), ...(pin && { live: faceOf(pin), pin }) }]
  })
}

/** Has accepted tools count from now on. Recorded first: nothing counts that the record does not know. */
export async function keepAccepted(
  { home }: Pick<Config, 'home'>,
  journal: { note(drafts: readonly Draft[]): Promise<unknown> },
  pins: readonly Pin[],
): Promise<void> {
  await journal.note(pins.map((pin) => draft('system_noted', { what: 'pin_accepted', details: detailsOf(pin) })))
  await changePins(home, (file) => keepPins(file, pins))
}

/** Has what was accepted of a server's tools count no more. */
export async function forgetAccepted({ home }: Pick<Config, 'home'>, server: string): Promise<void> {
  await changePins(home, (file) => dropPins(file, server))
}

/** Two who accept at the same time, in whatever process, keep what each accepted. */
async function changePins(home: string, change: (file: string) => void): Promise<void> {
  await withFileLock(join(openHome(home).processes, 'pins.lock'), () => change(pinsFile(home)))
}

/** An absent output schema is no member at all. */
function detailsOf({ output, ...pin }: Pin): JsonObject {
  return { ...pin, ...(output && { output }) }
}

function faceOf({ description, input, output, annotations, fingerprint }: ToolFace): ToolFace {
  return { description, input, ...(output && { output }), annotations, fingerprint }
}
