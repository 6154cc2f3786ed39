import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openHome } from '../orchestrator/home/home.ts'
import { durableCall } from './durable-call.ts'
import { foldTime } from './fold-time.ts'
import { http } from './http.ts'
import { jail } from './jail.ts'
import { makespan } from './makespan.ts'
import { memory } from './memory.ts'
import { planning } from './planning.ts'
import { record } from './record.ts'
import { isMet } from './report.ts'
import type { Stage } from './stage.ts'
import { tableSize } from './table-size.ts'
import { writesPerCall } from './writes-per-call.ts'

let folder: string
const stage = (): Stage => ({
  adminUrl: inject('databaseUrl'),
  templateUrl: inject('templateUrl'),
  home: openHome(inject('databaseHome')),
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-bench-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('each part of the bench', () => {
  test.each([durableCall, tableSize, record, writesPerCall, foldTime, memory, planning, http, jail])(
    '$name measures',
    async (part) => {
      const report = await part.run(stage(), { quick: true, plansFolder: folder })
      const figures = report.tables.flatMap(({ rows }) => rows.flatMap((row) => Object.values(row)))
      expect(figures.length).toBeGreaterThan(0)
      for (const figure of figures) if (typeof figure === 'number') expect(figure).toSatisfy(Number.isFinite)
    },
  )
})

describe('makespan', () => {
  const step = (id: string, args: object = {}, dependsOn: string[] = []) => ({
    id,
    tool: `Some-${id}Tool`,
    args,
    dependsOn,
  })
  const diamond = {
    id: 'diamond',
    steps: [
      step('var1'),
      step('var2', { a: '$var1.x$' }, ['var1']),
      step('var3', { b: ['at most $100-$200, see $var1.list[1]$'] }, ['var1']),
      step('var4', { c: '$var2.y$', d: { e: '$var3.z$' } }, ['var2', 'var3']),
    ],
    criticalPath: 3,
  }

  test('runs plans of the benchmark as wide as they are, and respects every edge', async () => {
    await writeFile(join(folder, 'nestful.jsonl'), `${JSON.stringify(diamond)}\n`)
    const { tables, bars } = await makespan.run(stage(), { quick: true, plansFolder: folder })
    expect(tables[0]?.title).toBe('1 plans, 4 edges, 0 not respected')
    expect(tables[0]?.rows[0]).toMatchObject({ 'critical path': 3, tasks: 4, 'units over it, median': 1 })
    expect(bars.every(isMet)).toBe(true)
  })

  test('says in plain words why it is skipped where the plans are not there', async () => {
    const report = await makespan.run(stage(), { quick: true, plansFolder: join(folder, 'nowhere') })
    expect(report.skipped).toContain('name the folder that holds it with --plans')
  })
})
