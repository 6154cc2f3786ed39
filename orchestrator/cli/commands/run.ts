import { resolve } from 'node:path'
import { isJsonObject, type JsonObject } from '../../../shared/json.ts'
import type { Budget, Goal } from '../../model/goal.ts'
import {
  type AddCommand,
  type Context,
  columnsOf,
  commandName,
  jsonOption,
  print,
  printJson,
  withRemit,
} from '../context.ts'
import { exitCodes, followRun } from '../follow-run.ts'
import { readInput } from '../read-input.ts'
import { InputError, type OpenOptions, type PlanOnly, type ReasonerChoice, type Workplace } from '../remit.ts'
import { budgetOf, faultsOf } from '../run-options.ts'
import { startUp } from '../start-up.ts'
import { headerLines, vendorsOf } from '../story/header.ts'
import { planLines } from '../story/plan.ts'
import { shortId } from '../story/short-id.ts'
import { count } from '../text/count.ts'
import { issueLines } from '../text/issue-lines.ts'
import { bad, faint, heading, type Line, paragraph } from '../text/line.ts'

interface RunOptions {
  input?: string
  reasoner?: string
  outcome?: string[]
  record?: string
  replayModel?: string
  planOnly?: boolean
  detach?: boolean
  budget?: string[]
  fault?: string[]
  yes?: boolean
  json?: boolean
}

/** `remit run`: pursues a goal until it ends or waits for a person. */
export const addRun: AddCommand = (program, context) => {
  program
    .command('run')
    .summary('pursue a goal')
    .description(
      'Pursue a goal. Exit codes: 0 succeeded, 1 failed, 2 bad usage or input, 3 waiting for a person, 4 cancelled.',
    )
    .argument('[goal]', 'the name of a goal, or what is to be done in free text')
    .option('--input <file|json>', 'the input: a JSON file, or JSON itself')
    .option(
      '--outcome <fact...>',
      'facts that must hold at the end of a goal in free text, such as billing.subscription',
    )
    .option('--reasoner <name>', 'what decides: claude or planner')
    .option('--plan-only', 'show the plan; call nothing and record nothing')
    .option('--detach', 'record the run and print its id; a worker pursues it')
    .option('--budget <name=value...>', 'other limits than the goal has, such as tool_calls=50')
    .option('--fault <name=mode...>', 'rehearse a bad day on the emulators, such as billing=flaky')
    .option('--record <file>', 'write every exchange with the model to a file')
    .option('--replay-model <file>', 'let such a file answer in the place of the model')
    .option('--yes', 'in live mode, agree to the accounts that it names')
    .option(...jsonOption)
    .action(async (goal: string | undefined, options: RunOptions) => {
      context.exitCode = await run(goal, options, context)
    })
}

async function run(named: string | undefined, options: RunOptions, context: Context): Promise<number> {
  const { workplace, terminal } = context
  const json = options.json === true
  // Options with several values take all that follows them, so a goal may stand among these.
  const [faults, afterFaults] = partition(options.fault ?? [], isAssignment)
  const [limits, afterLimits] = partition(options.budget ?? [], isAssignment)
  const [outcomes, afterOutcomes] = partition(options.outcome ?? [], isFact)
  const [name, ...more] = [...(named === undefined ? [] : [named]), ...afterFaults, ...afterLimits, ...afterOutcomes]
  if (more.length > 0)
    throw new InputError(`"${more[0]}" is neither a fault nor a limit; write NAME=VALUE, such as billing=flaky`)
  const given = options.input === undefined ? {} : await readInput(options.input, [terminal.folder, workplace.root])
  const reasoner = reasonerOf(options.reasoner) ?? workplace.reasoner
  const goal = withBudget(goalOf(name, { outcomes, given, reasoner }, workplace), budgetOf(limits))
  const input = workplace.checkInput(goal, given)
  const opening: OpenOptions = { servers: true, reasoner, ...cassetteOf(options, terminal.folder), ...faultsOf(faults) }
  await workplace.check({ ...opening, servers: !options.planOnly && !options.detach })
  if (options.detach) return detach(goal, input, { ...opening, servers: false }, options, context)
  if (options.planOnly) return showPlan(goal, input, { ...opening, servers: false }, context, json)

  if (!json) print(context, header(goal, input, options.input, context))
  const remit = await startUp(context, opening, { json, yes: options.yes === true })
  try {
    const runId = await remit.createRun(goal, input)
    return await followRun(context, remit, runId, { json })
  } finally {
    await remit.close()
  }
}

/** Records the run for whichever worker is free. */
async function detach(
  goal: Goal,
  input: JsonObject,
  opening: OpenOptions,
  { planOnly, json }: RunOptions,
  context: Context,
): Promise<number> {
  if (planOnly) throw new InputError('--plan-only records no run, so there is nothing to detach from')
  if (opening.faults)
    throw new InputError('--fault is for a run that is pursued here; a worker has the faults that it was started with')
  const run_id = await withRemit(context, opening, (remit) => remit.createRun(goal, input, { detach: true }))
  if (json) printJson(context, { run_id })
  else
    print(context, [
      [run_id],
      [faint(`A worker pursues it: ${commandName} start`)],
      [faint(`How it stands: ${commandName} show ${shortId(run_id)}`)],
    ])
  return exitCodes.succeeded
}

function withBudget(goal: Goal, budget: Partial<Budget>): Goal {
  return { ...goal, budget: { ...goal.budget, ...budget } }
}

function isAssignment(text: string): boolean {
  return text.includes('=')
}

function isFact(text: string): boolean {
  return text.includes('.') && !/\s/.test(text)
}

interface Asked {
  outcomes: readonly string[]
  given: unknown
  reasoner: ReasonerChoice
}

/** The goal of that name, or one in free text. */
function goalOf(name: string | undefined, { outcomes, given, reasoner }: Asked, workplace: Workplace): Goal {
  const known = workplace
    .goals()
    .map((goal) => `\n  ${goal.name}  ${goal.title}`)
    .join('')
  if (name === undefined) throw new InputError(`Say which goal to pursue:${known}`)
  if (!/\s/.test(name.trim())) {
    if (outcomes.length > 0) throw new InputError(`--outcome is for a goal in free text; ${name} says its own outcomes`)
    return workplace.goal(name)
  }
  if (reasoner === 'planner' && outcomes.length === 0)
    throw new InputError(
      `A goal in free text needs a model that reads it (ANTHROPIC_API_KEY), or --outcome FACT to plan for. There are these goals:${known}`,
    )
  return workplace.freeTextGoal(name, outcomes, isJsonObject(given) ? given : {})
}

function reasonerOf(name: string | undefined): ReasonerChoice | undefined {
  if (name === undefined || name === 'planner' || name === 'claude') return name
  throw new InputError(`--reasoner: "${name}" is no reasoner; there are claude and planner`)
}

function cassetteOf({ record, replayModel }: RunOptions, folder: string): Pick<OpenOptions, 'cassette'> {
  if (record !== undefined && replayModel !== undefined)
    throw new InputError('--record and --replay-model: what a file answers need not be written down again')
  if (record !== undefined) return { cassette: { record: resolve(folder, record) } }
  return replayModel === undefined ? {} : { cassette: { replay: resolve(folder, replayModel) } }
}

function header(goal: Goal, input: JsonObject, source: string | undefined, context: Context): Line[] {
  const { workplace } = context
  return headerLines(
    {
      goal,
      input,
      mode: workplace.mode,
      vendors: vendorsOf(workplace.catalogue),
      unconfined: workplace.unconfined,
      ...(source === undefined || /^\s*[[{]/.test(source) ? {} : { source }),
    },
    columnsOf(context),
  )
}

async function showPlan(
  goal: Goal,
  input: JsonObject,
  opening: OpenOptions,
  context: Context,
  json: boolean,
): Promise<number> {
  const plan = await withRemit(context, opening, (remit) => remit.planOnly(goal, input))
  if (json) printJson(context, plan)
  else print(context, planOnlyLines(goal, input, plan, columnsOf(context)))
  return plan.ok ? exitCodes.succeeded : exitCodes.failed
}

function planOnlyLines(goal: Goal, input: JsonObject, plan: PlanOnly, columns: number): Line[] {
  if (plan.ok) {
    return [
      [heading(`${goal.title}: a plan of ${count(plan.tasks.length, 'call')}`), ' (nothing was called)'],
      ...paragraph(['  '], plan.why, columns),
      ...planLines(plan.tasks, columns, { input }),
    ]
  }
  return [
    [bad('✗'), ' ', heading(`${goal.title}: there is no plan`), ` (${plan.code})`],
    ...paragraph(['  '], plan.why, columns),
    ...issueLines(plan.issues, columns),
  ]
}

function partition<Item>(items: readonly Item[], belongs: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))]
}
