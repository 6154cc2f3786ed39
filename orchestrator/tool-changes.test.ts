import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FingerprintedTool } from '../shared/manifest.ts'
import { catalogue, tool } from '../test/support/rehearsal.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { pinsFile, readPins } from './execute/pin-store.ts'
import type { Draft } from './model/event.ts'
import { compareTools, keepAccepted } from './tool-changes.ts'

const accepted = { by: 'ada', at: '2026-01-01T00:00:00.000Z' }
const names = ['one', 'two', 'three', 'four']
const tools = catalogue({ files: [...names.map((name) => tool(name)), tool('read', { method: 'resources/read' })] })
const told = (name: string): FingerprintedTool => ({ name, description: `${name}, anew`, inputSchema: {} })
const all = { reviewed: new Map(names.map((name) => [name, [told(name)]])), others: [] }

test('what is no tool of the server itself does not count as one that it offers no more', () => {
  expect(compareTools(tools, all, accepted).map((changed) => changed.tool)).toEqual(names)
})

test('those who accept at the same time each keep what they accepted, once it is recorded', async () => {
  const folder = await temporaryFolder('remit-pins-')
  try {
    const home = join(folder.path, 'home')
    mkdirSync(home)
    const recorded: Draft[] = []
    const journal = { note: async (drafts: readonly Draft[]) => recorded.push(...drafts) }
    const pins = compareTools(tools, all, accepted).flatMap(({ pin }) => pin ?? [])
    await Promise.all(pins.map((pin) => keepAccepted({ home }, journal, [pin])))
    expect(
      readPins(pinsFile(home))
        .map((pin) => pin.tool)
        .sort(),
    ).toEqual(names.toSorted())
    expect(recorded).toHaveLength(names.length)

    const away = { note: () => Promise.reject(new Error('the record is away')) }
    const before = readPins(pinsFile(home))
    const another = pins.slice(0, 1).map((pin) => ({ ...pin, by: 'eve' }))
    await expect(keepAccepted({ home }, away, another)).rejects.toThrow('the record is away')
    expect(readPins(pinsFile(home))).toEqual(before)
  } finally {
    await folder.remove()
  }
})
