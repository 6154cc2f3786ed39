import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brokenPromises } from '../support/world/broken-promises.ts'
import { discrepancies } from '../support/world/discrepancies.ts'
import { stories } from '../support/world/random-story.ts'
import { showJournal, showTraces } from '../support/world/show-journal.ts'
import { tell } from '../support/world/story.ts'

/** The same few stories each time; more, and others: `REMIT_STORIES=20000 REMIT_SEED=7`. */
const { REMIT_STORIES: numRuns = 800, REMIT_SEED: seed = 4 } = process.env

describe('whatever goes wrong in the systems that a run works on, and whoever dies in the middle of it', () => {
  test.each(['planner', 'scripted'] as const)(
    'each system is whole or clean at the end, or the record says what is where (%s)',
    async (reasoner) => {
      await fc.assert(
        fc.asyncProperty(stories(reasoner), async (story) => {
          const told = await tell(story)
          const found = [...discrepancies(told), ...brokenPromises(told)]
          expect(found, `${showJournal(told.events)}\nIn the systems:\n${showTraces(told.world)}`).toEqual([])
        }),
        { numRuns: Number(numRuns), seed: Number(seed) },
      )
    },
    600_000,
  )
})
