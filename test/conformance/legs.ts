import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import type { RecordOptions } from '../../orchestrator/record/open-record.ts'
import { type Expectations, expectationsSchema, type Judgement, judge, type Wanted } from './judge.ts'
import { type Door, openKitDoor } from './kit-door.ts'
import { openRemitDoor } from './remit-door.ts'
import { type Revision, requirementsOf, revisions } from './requirements.ts'
import { runSuite, type SuiteRun } from './run-suite.ts'

/** One part of the suite against one part of Remit. */
export interface Leg {
  /** As the list of expected failures calls it. */
  name: string
  run(): Promise<Judgement>
}

/** What the doors say of themselves beside what the suite sees. */
export interface Logs {
  onLog(line: string): void
  onTrouble(error: unknown): void
}

const client = 'test/conformance/client/main.ts'
const isTask = (scenario: string) => scenario.startsWith('tasks-')

/** All legs: the kit as a server, Remit's client, and tasks at Remit's own door, which needs a record. */
export function legsOf(place: RecordOptions, { onLog, onTrouble }: Logs): Leg[] {
  const expected = readExpectations()
  const compiled = join(place.home.path, 'compiled')
  const suite = (...args: string[]) => runSuite(args, compiled)
  const leg = (name: string, wanted: Wanted, run: () => Promise<SuiteRun>): Leg => ({
    name,
    async run() {
      const { checks, complaints, exitCode, output } = await run()
      const judgement = judge(wanted, checks, expected[name] ?? {})
      judgement.surprises = judgement.surprises.map((surprise) => {
        const complaint = complaints.get(surprise.split(' ')[0] ?? '')
        return complaint === undefined ? surprise : `${surprise}\n${complaint.slice(-1_500)}`
      })
      const suiteAgrees = exitCode === 0 || wanted.required.length === 0
      if (!suiteAgrees) judgement.surprises.push(`the suite ended with ${exitCode}: ${output.slice(-2_000)}`)
      return judgement
    },
  })
  const serverLeg = (revision: Revision): Leg => {
    const { required, optional } = requirementsOf(revision).server
    // Scenarios of tasks are for the door that has tasks.
    const wanted = { required, optional: optional.filter((scenario) => !isTask(scenario)) }
    return leg(`${revision} server`, wanted, async () => {
      const run = await atDoor(openKitDoor(onLog), (url) => suite('server', '--url', url, '--requirements', revision))
      return { ...run, checks: new Map([...run.checks].filter(([scenario]) => !isTask(scenario))) }
    })
  }
  const clientLeg = (revision: Revision): Leg =>
    leg(`${revision} client`, requirementsOf(revision).client, async () => {
      await compileClient(compiled)
      return suite('client', '--command', `${process.execPath} ${client}`, '--requirements', revision)
    })
  const tasks = requirementsOf('2026-07-28').server.optional.filter(isTask)
  const tasksLeg = leg('2026-07-28 tasks', { required: [], optional: tasks }, () =>
    atDoor(openRemitDoor(place, onTrouble), (url) =>
      // Extensions belong to no revision: the suite runs them one by one.
      together(tasks.map((scenario) => suite('server', '--url', url, '--scenario', scenario))),
    ),
  )
  return [...revisions.map(serverLeg), ...revisions.map(clientLeg), tasksLeg]
}

/** The suite starts the client once for each scenario, all at the same time: one start alone is quicker for all of them. */
async function compileClient(compiled: string): Promise<void> {
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled }
  await once(spawn(process.execPath, [client], { env, stdio: 'ignore' }), 'close')
}

async function atDoor(opening: Promise<Door>, work: (url: string) => Promise<SuiteRun>): Promise<SuiteRun> {
  const door = await opening
  try {
    return await work(door.url)
  } finally {
    await door.close()
  }
}

async function together(running: readonly Promise<SuiteRun>[]): Promise<SuiteRun> {
  const runs = await Promise.all(running)
  return {
    checks: new Map(runs.flatMap(({ checks }) => [...checks])),
    complaints: new Map(),
    exitCode: Math.max(...runs.map(({ exitCode }) => exitCode)),
    output: runs.map(({ output }) => output).join('\n'),
  }
}

function readExpectations(): Record<string, Expectations> {
  const file = fileURLToPath(new URL('expected-failures.yaml', import.meta.url))
  return z.record(z.string(), expectationsSchema).parse(parse(readFileSync(file, 'utf8'), { merge: true }))
}
