import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planner } from '../../orchestrator/decide/planner/planner.ts'
import { defaultPolicy } from '../../orchestrator/enforce/fixtures/policies.ts'
import { catalogueOf } from '../../orchestrator/model/catalogue.ts'
import type { Event } from '../../orchestrator/model/event.ts'
import { digestSealed } from '../../orchestrator/model/seal.ts'
import { fold } from '../../orchestrator/model/situation.ts'
import { documentOf } from '../../orchestrator/run/document.ts'
import { replay } from '../../orchestrator/run/replay.ts'
import { manifestSchema } from '../../shared/manifest.ts'

/** Journals as earlier releases wrote them: whatever changes, they have to be read, for runs may wait for months. */
const folder = join(import.meta.dirname, 'journals')
const journals = readdirSync(folder)

function eventsOf(name: string): Event[] {
  const lines = readFileSync(join(folder, name), 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Event)
}

/** What each led to when it was written. */
const ends: Record<string, object> = {
  '0.1.0-lost-reply.jsonl': { status: 'succeeded', uncertain: 1, outcomes: 5 },
  '0.1.0-declined-accepted.jsonl': { status: 'succeeded', uncertain: 0, outcomes: 4 },
  '0.1.0-undone.jsonl': { status: 'failed', uncertain: 0, outcomes: 0, compensation: 'complete' },
}

describe('a journal of an earlier release', () => {
  test.each(journals)('%s still leads to the situation that it led to', (name) => {
    const situation = fold(eventsOf(name))
    const document = documentOf(situation)
    const uncertain = document.calls.filter(({ status }) => status === 'uncertain').length
    const { status, outcomes, compensation } = document
    expect({ status, uncertain, outcomes: outcomes.length, ...(compensation ? { compensation } : {}) }).toEqual(
      ends[name],
    )
    expect(situation.unsettled.size).toBe(0)
  })

  test.each(journals)('%s can be replayed: what was decided and done follows from it', async (name) => {
    const manifest = manifestSchema.parse(
      JSON.parse(readFileSync(join(import.meta.dirname, '../../servers/manifest.json'), 'utf8')),
    )
    const events = eventsOf(name)
    const { derived, situation } = await replay(events, {
      reasoner: planner,
      catalogue: catalogueOf(manifest),
      policy: defaultPolicy,
      digestArguments: digestSealed,
    })
    expect(derived).toBeGreaterThan(events.length / 2)
    expect(situation).toEqual(fold(events))
  })
})
