import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { suiteFolder } from './requirements.ts'

const checksSchema = z.array(z.looseObject({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }))

/** One thing that the suite looked at: `SUCCESS`, `FAILURE`, `WARNING`, `SKIPPED` or `INFO`. */
export type Check = z.infer<typeof checksSchema>[number]

/** What a run of the suite came to. */
export interface SuiteRun {
  /** By scenario. */
  checks: Map<string, Check[]>
  /** What the client that was started for a scenario said on stderr, where it said anything. */
  complaints: Map<string, string>
  /** 0 where every required scenario passed, by the suite's own judgement. */
  exitCode: number
  /** What it printed. */
  output: string
}

/** Of one scenario: the client's processes of all of them start at the same time. */
const patienceMs = 120_000

/**
 * Runs the suite's command with these arguments, and reads what it wrote down of each scenario. What it starts keeps compiled
 * code in `compiled`.
 */
export async function runSuite(args: readonly string[], compiled: string): Promise<SuiteRun> {
  await using stack = new AsyncDisposableStack()
  const folder = await temporaryFolder('remit-conformance-results-')
  stack.defer(folder.remove)
  const results = join(folder.path, 'results')
  const command = [join(suiteFolder, 'dist', 'index.js'), ...args, '--timeout', String(patienceMs), '-o', results]
  const suite = spawn(process.execPath, command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  })
  const said: Buffer[] = []
  for (const stream of [suite.stdout, suite.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk))
  const [exitCode] = (await once(suite, 'close')) as [number | null]
  const checks = new Map<string, Check[]>()
  const complaints = new Map<string, string>()
  for await (const file of glob(join(results, '**', 'checks.json'))) {
    const scenario = scenarioOf(relative(results, dirname(file)))
    checks.set(scenario, checksSchema.parse(JSON.parse(await readFile(file, 'utf8'))))
    const complaint = await readFile(join(dirname(file), 'stderr.txt'), 'utf8').catch(() => '')
    if (complaint !== '') complaints.set(scenario, complaint)
  }
  return { checks, complaints, exitCode: exitCode ?? 1, output: Buffer.concat(said).toString('utf8') }
}

/** `server-tools-list-2026-11-30T13-32-10-405Z` and `auth/basic-cimd-2026-…` are named after a scenario and an instant. */
function scenarioOf(folder: string): string {
  return folder.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '').replace(/^server-/, '')
}
