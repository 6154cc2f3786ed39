import type { Event } from '../../model/event.ts'
import { itemName } from '../../model/item-name.ts'
import type { Situation } from '../../model/situation.ts'
import { type AddCommand, type Context, note, positiveInteger, print } from '../context.ts'
import type { Serving, Worker, WorkerProcesses } from '../remit.ts'
import { startUp } from '../start-up.ts'
import { shortId } from '../story/short-id.ts'
import { bad, doubtful, faint, good, type Line } from '../text/line.ts'

interface StartOptions {
  workers: number
  runs: number
  http: boolean
  tied?: boolean
  json?: boolean
}

/** How long calls in flight may take to settle once a worker is asked to stop; the second request stops it at once. */
const graceMs = 60_000

/**
 * `remit start`: serves HTTP, and pursues whatever runs are due, beside every other worker on the same record, until it is
 * stopped.
 */
export const addStart: AddCommand = (program, context) => {
  program
    .command('start')
    .summary('serve HTTP and pursue whatever runs are due, until Ctrl-C or remit stop')
    .description(
      'Serve HTTP and start a worker: it takes up new runs, runs that were answered or whose time has come, and runs whose process died. REMIT_PORT, or http in remit.config.yaml, says where HTTP is.',
    )
    .option('--workers <n>', 'how many worker processes', positiveInteger, 1)
    .option('--no-http', 'only pursue runs')
    .option('--runs <n>', 'how many runs each pursues at once', positiveInteger, 32)
    .option('--tied', 'end when stdin ends, as the worker processes of one start do')
    .option('--json', 'print one JSON document a line on stdout, and nothing else there')
    .action(async (options: StartOptions) => {
      context.exitCode = await start(options, context)
    })
}

async function start({ workers, runs, http, tied, json }: StartOptions, context: Context): Promise<number> {
  const { workplace } = context
  // Beside others, it is for the first of them to say how the start went.
  const remit = await startUp(context, { servers: true }, { json: json === true || tied === true })
  const onTrouble = (error: unknown, runId?: string) => note(context, [troubleLine(error, runId)])
  await using started = new AsyncDisposableStack()
  started.defer(() => remit.close())
  // What is tied ends with the process that it is tied to.
  if (!tied) started.defer(await remit.enlist())
  const serving = http && !tied ? await remit.serveHttp({ onTrouble }) : undefined
  if (serving) started.defer(() => serving.close(0))
  const others = workplace.startWorkers(workers - 1, { runs, json: json === true })
  started.defer(() => others.close())
  const worker = remit.work({
    most: runs,
    watch: () => ({
      onEvent(event, situation) {
        serving?.onEvent(event)
        tell(context, event, situation, json === true)
      },
    }),
    onTrouble,
  })
  if (tied) note(context, [[good('Ready'), ': one more worker']])
  else sayReady(context, { workers, runs }, serving, json === true)
  await untilAsked(context, tied === true)
  if (!tied) note(context, [[doubtful('Stopping'), ': calls under way settle first; Ctrl-C again stops at once']])
  await letGo(context, { worker, others, serving })
  return 0
}

/** Lets everything under way come to its end; asked again, stops it at once. */
async function letGo(
  { terminal }: Context,
  { worker, others, serving }: { worker: Worker; others: WorkerProcesses; serving: Serving | undefined },
): Promise<void> {
  const again = terminal.onInterrupt(() => {
    worker.stop()
    others.stop()
    void serving?.close(0)
  })
  await Promise.all([serving?.close(graceMs), others.close(), worker.close(graceMs)])
  again()
}

function sayReady(
  context: Context,
  { workers, runs }: Pick<StartOptions, 'workers' | 'runs'>,
  serving: Serving | undefined,
  json: boolean,
): void {
  if (json) {
    const ready = { workers, runs_at_once: runs, ...(serving ? { url: serving.url } : {}) }
    context.terminal.stdout(`${JSON.stringify({ ready })}\n`)
    return
  }
  const count = `${workers} ${workers === 1 ? 'worker' : 'workers'}`
  print(context, [[good('Ready'), `: ${count}${serving ? ` and ${serving.url}` : ''}, Ctrl-C stops`]])
  if (serving?.keyFile !== undefined) print(context, [[faint(`The key is in ${serving.keyFile}`)]])
  if (serving?.revokedKeyFile !== undefined)
    note(context, [
      [
        doubtful('Revoked'),
        `: the key in ${serving.revokedKeyFile}; remove the file, and the next start makes another`,
      ],
    ])
}

/** Resolves at Ctrl-C, at a request to terminate, and for a tied worker at the end of its stdin. */
async function untilAsked({ terminal }: Context, tied: boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const off = terminal.onInterrupt(() => {
      off()
      resolve()
    })
    if (tied)
      void (async () => {
        for await (const _ of terminal.stdin);
        resolve()
      })()
  })
}

function tell(context: Context, event: Event, situation: Situation, json: boolean): void {
  const said = wordsFor(event)
  if (!said) return
  const { run_id, type, at } = event
  if (json) context.terminal.stdout(`${JSON.stringify({ at, run_id, type, status: situation.status })}\n`)
  else print(context, [[faint(at.slice(11, 19)), ' ', whose(situation), ' ', ...said]])
}

/** Which run it is; the run of a sub-goal by the run that it is a part of, and what it is for. */
function whose({ run_id, input, created: { goal, parent } }: Situation): string {
  const item = parent && itemName(input, goal.input)
  return `${shortId(parent?.run_id ?? run_id)} ${goal.goal}${item === undefined ? '' : ` ${item}`}`
}

/** What of a run a worker says on its screen: where it turns. The whole of it is in the record. */
function wordsFor({ type, data }: Event): Line | undefined {
  switch (type) {
    case 'plan_accepted':
      return [`goes on: plan ${data.revision}`]
    case 'wait_started':
      // What a sub-goal asks, its own run says.
      return data.for === 'child' ? undefined : [doubtful('waits'), `: ${data.question}`]
    case 'compensation_started':
      return [doubtful('is undone'), `: ${data.reason}`]
    case 'run_finished':
      return [data.status === 'succeeded' ? good('succeeded') : bad(data.status)]
    default:
      return undefined
  }
}

function troubleLine(error: unknown, runId: string | undefined): Line {
  const message = error instanceof Error ? error.message : String(error)
  return [bad('Trouble'), runId === undefined ? '' : ` with run ${shortId(runId)}`, `: ${message}`]
}
