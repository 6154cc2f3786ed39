import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Journal, openJournal } from '../../orchestrator/record/journal.ts'
import { openHeadSigner } from '../../orchestrator/record/signed-heads.ts'
import { openVerifier } from '../../orchestrator/record/verify.ts'
import { connect, withClient } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { days } from '../support/world/days.ts'
import { discrepancies } from '../support/world/discrepancies.ts'
import { shippedGoals } from '../support/world/office/office.ts'
import { type DayCrash, type Lived, live, type Setting } from '../support/world/onboarding.ts'
import { showJournal, showTraces } from '../support/world/show-journal.ts'
import { VirtualClock } from '../support/world/virtual-clock.ts'

// The shipped goals, plans and tools on a real record; only the systems behind the tools are fakes, and time is virtual.

let database: TestDatabase
let journals: Journal[]
let setting: Setting

beforeAll(async () => {
  database = await createTestDatabase()
  // Postgres itself lives on here, so nothing has to wait for its disk.
  await withClient(database.url, 'test', (sql) =>
    sql.unsafe(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET synchronous_commit = off`),
  )
  const clock = new VirtualClock()
  journals = Array.from({ length: 16 }, () => openJournal({ url: database.journalUrl, now: () => clock.now() }))
  setting = { ...shippedGoals(), clock, journals }
})
afterAll(async () => {
  await Promise.all(journals.map((journal) => journal.close()))
  await database.drop()
})

/** How a day ended, as the systems and the record have it: all that a kill must not change. */
function endOf({ situation, children, world }: Lived) {
  return {
    status: situation.status,
    // What their undos came to is for the systems to say: a kill moves the moment of a cancel, and leaves what it hits uncertain.
    children: children.map(({ status }) => status).toSorted(),
    outcomes: situation.finished?.outcomes.map(({ fact }) => fact),
    waits: [...situation.waits.values()].map(({ facts }) => facts),
    undo: situation.compensation?.status,
    remaining: situation.compensation?.remaining?.map(({ tool }) => tool),
    systems: world
      .traces()
      .map(({ system, label, good }) => `${system}: ${withoutIds(label)}${good ? '' : ', half'}`)
      .toSorted(),
  }
}

function allDiscrepancies({ situation, children, world, answered }: Lived): string[] {
  return [situation, ...children].flatMap((each) => discrepancies({ situation: each, world, answered }))
}

function withoutIds(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '…')
}

/** How a worker dies, and when it is succeeded: at once; when every deadline has passed; while it goes on; and before it goes on. */
const deaths = [
  { how: 'dead', downtimeMs: 0 },
  { how: 'dead', downtimeMs: 120_000 },
  { how: 'dozing', downtimeMs: 0 },
  { how: 'asleep', downtimeMs: 5_000 },
] as const

/** Every boundary of an undisturbed day, each with one of the deaths in turn, or with `REMIT_DEATHS=all` with each. */
function crashesOf({ boundaries }: Lived): (DayCrash & { boundary: string })[] {
  const every = boundaries.flatMap((passed, pursuit) =>
    passed.map((boundary, index) => ({ boundary, pursuit, at: index + 1 })),
  )
  if (process.env.REMIT_DEATHS === 'all')
    return every.flatMap((place) => deaths.map((death) => ({ ...place, ...death })))
  return every.map((place, index) => ({ ...place, ...(deaths[index % deaths.length] ?? deaths[0]) }))
}

describe('a worker that is killed at any boundary of an onboarding is succeeded, and the end is the same', () => {
  test.each(Object.entries(days))(
    'on %s',
    async (_, day) => {
      const undisturbed = await live(day, setting)
      expect(allDiscrepancies(undisturbed)).toEqual([])
      for (const { boundary, ...crash } of crashesOf(undisturbed)) {
        const lived = await live(day, setting, crash)
        const shown = [
          `killed ${boundary} (${crash.how}, succeeded after ${crash.downtimeMs} ms)`,
          showJournal(lived.events),
          'In the systems:',
          showTraces(lived.world),
        ].join('\n')
        expect.soft(endOf(lived), shown).toEqual(endOf(undisturbed))
        expect.soft(allDiscrepancies(lived), shown).toEqual([])
      }
    },
    600_000,
  )

  test('and every chain of the record is whole', async () => {
    const sql = connect(database.journalUrl, { max: 1, name: 'test' })
    try {
      const now = () => new Date()
      const { problems, runs } = await openVerifier(
        sql,
        await openHeadSigner({ sql, home: database.home, now }),
      ).verifyAll()
      expect(problems).toEqual([])
      expect(runs).toBeGreaterThan(Object.keys(days).length)
    } finally {
      await sql.end()
    }
  })
})
