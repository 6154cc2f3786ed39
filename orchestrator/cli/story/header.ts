import type { JsonObject } from '../../../shared/json.ts'
import type { Catalogue } from '../../model/catalogue.ts'
import type { Mode } from '../../model/event.ts'
import type { Goal } from '../../model/goal.ts'
import { faint, heading, type Line, paragraph } from '../text/line.ts'
import { inputText } from './input-text.ts'

const labelled = (label: string): Line => ['  ', faint(label.padEnd(9))]

/** To be said in red wherever it is so. */
export function noSandbox(servers: readonly string[]): string {
  return `NONE for ${servers.join(', ')}: what runs there may do whatever you may`
}

/** Server → the vendor that an emulator stands in for. */
export function vendorsOf({ servers }: Catalogue): Map<string, string> {
  return new Map([...servers].flatMap(([server, { emulator }]) => (emulator ? [[server, emulator.vendor]] : [])))
}

export interface HeaderFacts {
  goal: Goal
  input: JsonObject
  mode: Mode
  /** Server → the vendor that an emulator stands in for. */
  vendors: ReadonlyMap<string, string>
  /** Servers that run in no sandbox. */
  unconfined?: readonly string[]
  /** Where the input came from, as the person said it. */
  source?: string
  /** The run that it is a part of, and as what. */
  partOf?: string
}

/** What is about to happen, to whom, and whether it is real. Sensitive input is never shown. */
export function headerLines(
  { goal, input, mode, vendors, unconfined = [], source, partOf }: HeaderFacts,
  columns: number,
): Line[] {
  const names = [...new Set(vendors.values())].sort()
  const world =
    mode === 'live'
      ? 'LIVE: vendors are real, and so is what happens there'
      : names.length === 0
        ? 'emulated'
        : `vendors are emulated on this machine: ${names.join(', ')}`
  const given = inputText(goal, input)
  return [
    [heading(goal.title)],
    ...(partOf ? paragraph(labelled('part of'), partOf, columns) : []),
    ...(source === undefined ? [] : [[...labelled('input'), source]]),
    ...(given === '' ? [] : paragraph(labelled(source === undefined ? 'input' : ''), given, columns)),
    ...paragraph(labelled('mode'), world, columns),
    ...(unconfined.length > 0 ? paragraph(labelled('sandbox'), noSandbox(unconfined), columns, 'bad') : []),
  ]
}
