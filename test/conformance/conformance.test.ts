import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { joinHome } from '../../orchestrator/home/shared-process.ts'
import { createTestDatabase } from '../support/postgres.ts'
import type { Judgement } from './judge.ts'
import { legsOf } from './legs.ts'

const judgements = new Map<string, Promise<Judgement>>()
const logged: string[] = []
const troubles: unknown[] = []
const leave: (() => Promise<void>)[] = []

beforeAll(async () => {
  const { home, ownerUrl: databaseUrl, drop } = await createTestDatabase()
  const membership = await joinHome(home)
  leave.push(membership.leave, drop)
  const logs = { onLog: (line: string) => logged.push(line), onTrouble: (error: unknown) => troubles.push(error) }
  const legs = legsOf({ home, membership, databaseUrl }, logs)
  // Scenarios of tasks wait most of the time; the others keep a processor busy, and go one after the other.
  let before: Promise<unknown> = Promise.resolve()
  for (const { name, run } of legs) {
    const judgement = name.endsWith('tasks') ? run() : before.then(run)
    judgements.set(name, judgement)
    if (!name.endsWith('tasks')) before = judgement.catch(() => undefined)
    judgement.catch(() => undefined)
  }
})
afterAll(async () => {
  await Promise.allSettled(judgements.values())
  for (const step of leave) await step()
})

describe('the conformance suite of the protocol', () => {
  test.each([
    ['2026-07-28 server', 37],
    ['2025-11-25 server', 30],
    ['2026-07-28 client', 32],
    ['2025-11-25 client', 18],
    ['2026-07-28 tasks', 0],
  ])(
    '%s: %d required scenarios pass, and the others as they are expected to',
    async (name, required) => {
      const nothing = { verdicts: [], surprises: [`there is no leg ${name}`] }
      const { verdicts, surprises } = (await judgements.get(name)) ?? nothing
      expect(surprises).toEqual([])
      const passed = verdicts.filter((verdict) => verdict.required && verdict.outcome === 'passed')
      expect(passed).toHaveLength(required)
    },
    240_000,
  )

  test('the log of the server names what clients did wrong, and holds no token', () => {
    expect(logged.some((line) => line.includes('Rejected inbound request'))).toBe(true)
    expect(logged.filter((line) => /eyJ[\w-]+\.[\w-]+\./.test(line))).toEqual([])
  })

  test('tasks met no defect', () => {
    expect(troubles.map(String).filter((trouble) => trouble !== 'Error: protocol')).toEqual([])
  })
})
