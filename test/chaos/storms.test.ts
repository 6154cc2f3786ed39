import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Victim, victims } from '../support/storm/blows.ts'
import { storm } from '../support/storm/storm.ts'
import { openStormyHome, type StormyHome } from '../support/storm/stormy-home.ts'

// Real worker processes, servers, emulators and Postgres, of which some are killed in the middle. Many more of these, and
// each of them again: npm run chaos -- --runs N --seed S.

const seeds = Array.from({ length: 10 }, (_, index) => index + 1)
const plan = { runs: 2, blows: 3 }

describe.skipIf(process.platform !== 'linux')('runs whose processes are killed', { timeout: 300_000 }, () => {
  let home: StormyHome
  let faults: string[] | undefined
  const allKilled = new Set<Victim>()

  beforeAll(async () => {
    home = await openStormyHome({ workers: 2 })
  }, 180_000)
  afterAll(async () => {
    if (!faults) await home.close()
  }, 180_000)

  test.each(seeds)('end whole, clean, or saying what is left: seed %i', async (seed) => {
    const { survivors, struck, killed } = await storm({ seed, ...plan }, home)
    for (const victim of killed) allKilled.add(victim)
    const again = `npm run chaos -- --seed ${seed} --runs ${plan.runs} --at-once ${plan.runs} --blows ${plan.blows}`
    const shown = `killed ${struck.join(', ')}; again: ${again}\n${home.crew.lastWords()}`
    for (const { run_id, end, problems } of survivors) expect(problems, `run ${run_id} ${end}; ${shown}`).toEqual([])
  })

  test('were killed themselves, and so was all that they stand on', () => {
    expect([...allKilled].sort()).toEqual([...victims].sort())
  })

  test('leave a record that verifies, and no process', async () => {
    faults = await home.close()
    expect(faults).toEqual([])
  })
})
