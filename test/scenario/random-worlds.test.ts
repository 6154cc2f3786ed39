import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brokenPromises } from '../support/world/broken-promises.ts'
import { discrepancies } from '../support/world/discrepancies.ts'
import { stories } from '../support/world/random-story.ts'
import { showJournal, showTraces } from '../support/world/show-journal.ts'
import { tell } from '../support/world/story.ts'

const numRuns = Number(process.env.REMIT_TEST_STORIES ?? 500)

describe('whatever goes wrong in the systems that a run works on', () => {
  test.each(['planner', 'scripted'] as const)(
    'each is whole or clean at the end, or the record says what is where (%s)',
    async (reasoner) => {
      await fc.assert(
        fc.asyncProperty(stories(reasoner), async (story) => {
          const told = await tell(story)
          const found = [...discrepancies(told), ...brokenPromises(told)]
          expect(found, `${showJournal(told.events)}\nIn the systems:\n${showTraces(told.world)}`).toEqual([])
        }),
        { numRuns },
      )
    },
  )
})
