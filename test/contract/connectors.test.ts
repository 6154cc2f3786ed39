import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entryName } from '../../orchestrator/cli/connect/entry.ts'
import { manifestSchema } from '../../shared/manifest.ts'
import { root } from '../support/remit-command.ts'

const { servers } = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers/manifest.json'), 'utf8')))

/** Hosts put the server's name before the tool's, and models take 64 characters. */
const longestName = 64

describe.each(servers)('$name, as connector checklists want it', (server) => {
  test('says to models what it is for, and to people what it is called', () => {
    expect(server.instructions).toMatch(/^[A-Z].{40,1000}\.$/s)
    expect(server.title).toMatch(/\S/)
  })

  test.each(server.tools)('$name has a title, says whether it reads or destroys, and has a name that fits', (tool) => {
    const { title, annotations, name, description, effect } = tool
    expect(annotations.title).toBe(title)
    expect(annotations.readOnlyHint).toBe(effect === 'read')
    if (effect !== 'read') expect(typeof annotations.destructiveHint).toBe('boolean')
    expect(`mcp__${entryName(server.name)}__${name}`.length).toBeLessThanOrEqual(longestName)
    expect(description.length).toBeGreaterThan(20)
    expect(description.length).toBeLessThanOrEqual(1_000)
    expect(description).not.toMatch(/\p{Default_Ignorable_Code_Point}/u)
  })
})
