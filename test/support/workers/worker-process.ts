import type { Trigger } from '../../../orchestrator/triggers/trigger.ts'
import { spawnNode } from '../spawn-node.ts'
import type { Latency } from './vendor-table.ts'

/** What a worker process is told. */
export interface WorkerOptions {
  /** REMIT_HOME. */
  home: string
  /** The owner's URL of the record; without it, the embedded Postgres of the home. */
  databaseUrl?: string
  /** Where the stations are. */
  vendorUrl: string
  /** How many runs it pursues at once. */
  most: number
  /** How long calls in flight may take to settle once it is asked to stop. */
  graceMs: number
  latency: Latency
  /** What it looks after beside the runs. */
  triggers?: readonly Trigger[]
}

/** An event, a trouble, or a run that a trigger started, as a worker told it. */
export interface Told {
  run_id?: string
  seq?: number
  type?: string
  trouble?: string
  started?: string
}

/** A worker in a process of its own. */
export interface WorkerProcess extends AsyncDisposable {
  readonly pid: number
  /** Resolves once it takes up runs. */
  ready(): Promise<void>
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void
  /** All that it told so far, in order. */
  told(): Told[]
  /** What it wrote to stderr: warnings and crashes. */
  stderr(): string
  /** The exit code, or the signal that ended it. */
  exited: Promise<number | string>
}

/** Starts a worker process; `await using` kills it where a test fails, and it ends by itself when the test process does. */
export function startWorkerProcess(options: WorkerOptions): WorkerProcess {
  const { PATH = '' } = process.env
  const node = spawnNode('test/support/workers/fixtures/worker-main.ts', [JSON.stringify(options)], { PATH })
  return {
    pid: Number(node.child.pid),
    ready: async () => void (await node.until(/"ready"/, 'stdout')),
    signal: (signal) => void node.child.kill(signal),
    told: () =>
      node
        .stdout()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Told),
    stderr: node.stderr,
    exited: node.exited,
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}
