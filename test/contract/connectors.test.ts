/**
 * What connector directories publish that they look for, held against every tool that a host can see: those of the capability
 * servers, and Remit's own. Source: https://claude.com/docs/connectors/building/review-criteria (November 2026).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entryName, ownPrefix } from '../../orchestrator/cli/connect/entry.ts'
import { allTools } from '../../orchestrator/mcp/all-tools.ts'
import { manifestSchema } from '../../shared/manifest.ts'
import { root } from '../support/remit-command.ts'

const { servers } = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers/manifest.json'), 'utf8')))

interface Shown {
  name: string
  title: string
  description: string
  annotations: { [hint: string]: boolean | string }
  reads: boolean
}

const catalogue = [
  ...servers.map(({ name, tools }) => ({
    connector: entryName(name),
    tools: tools.map((tool): Shown => ({ ...tool, reads: tool.effect === 'read' })),
  })),
  {
    connector: ownPrefix,
    tools: allTools.map(
      (tool): Shown => ({ ...tool, reads: tool.scope === 'runs:read' || tool.scope === 'tools:read' }),
    ),
  },
]

/** Hosts put the server's name before the tool's, and models take 64 characters. */
const longestName = 64
/** Words that tell a model how to behave rather than what a tool does. */
const behaviour =
  /\b(you (must|should|are)|(always|never) (call|use|ask|tell|answer|mention)|ignore|disregard|important|do not (tell|mention|ask)|system prompt|instead of (the|other|any))\b/i
/** Places from which instructions could be fetched, markup that is not shown, and text that is not to be read. */
const elsewhere = /https?:|<[!/a-z]|[\w+/]{40,}/i
const invisible = /\p{Default_Ignorable_Code_Point}|\p{Cc}/u

describe.each(catalogue)('$connector, as connector checklists want it', ({ connector, tools }) => {
  test('has no two tools that a person or a model could mistake for each other', () => {
    for (const of of ['name', 'title', 'description'] as const)
      expect(new Set(tools.map((tool) => tool[of])).size).toBe(tools.length)
  })

  test.each(tools)('$name has a title, says whether it reads or destroys, and has a name that fits', (tool) => {
    const { title, annotations, name, reads } = tool
    expect(title).toMatch(/^\p{Lu}/u)
    expect(annotations.title ?? title).toBe(title)
    expect(annotations.readOnlyHint).toBe(reads)
    expect(typeof annotations.destructiveHint).toBe('boolean')
    if (reads) expect(annotations.destructiveHint).toBe(false)
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(`mcp__${connector}__${name}`.length).toBeLessThanOrEqual(longestName)
  })

  test.each(tools)('$name says what it does, and nothing of how a model should behave', ({ description }) => {
    expect(description.length).toBeGreaterThan(20)
    expect(description.length).toBeLessThanOrEqual(1_000)
    for (const pattern of [behaviour, elsewhere, invisible]) expect(description).not.toMatch(pattern)
  })
})

describe.each(servers)('$name', ({ instructions, title, tools }) => {
  test('says to models what it is for, naming no tool that it does not have, and to people what it is called', () => {
    expect(instructions).toMatch(/^[A-Z].{40,1000}\.$/s)
    for (const pattern of [behaviour, elsewhere, invisible]) expect(instructions).not.toMatch(pattern)
    const named = instructions?.match(/\b[a-z]+(_[a-z]+)+\b/g) ?? []
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(named))
    expect(title).toMatch(/\S/)
  })

  test('lets a tool that changes or removes something say so', () => {
    for (const { effect, annotations } of tools)
      expect(annotations.destructiveHint).toBe(effect === 'update' || effect === 'delete')
  })
})
