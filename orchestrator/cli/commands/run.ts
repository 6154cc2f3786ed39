import type { JsonObject } from '../../../shared/json.ts'
import type { Goal } from '../../model/goal.ts'
import { type AddCommand, type Context, columnsOf, jsonOption, print, printJson, withRemit } from '../context.ts'
import { exitCodes, followRun } from '../follow-run.ts'
import { readInput } from '../read-input.ts'
import { InputError, type OpenOptions, type PlanOnly, type Workplace } from '../remit.ts'
import { startUp } from '../start-up.ts'
import { headerLines, vendorsOf } from '../story/header.ts'
import { planLines } from '../story/plan.ts'
import { count } from '../text/count.ts'
import { issueLines } from '../text/issue-lines.ts'
import { bad, heading, type Line, paragraph } from '../text/line.ts'

interface RunOptions {
  input?: string
  reasoner?: string
  planOnly?: boolean
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
    .argument('[goal]', 'the name of a goal')
    .option('--input <file|json>', 'the input: a JSON file, or JSON itself')
    .option('--reasoner <name>', 'what decides: planner')
    .option('--plan-only', 'show the plan; call nothing and record nothing')
    .option('--fault <name=mode...>', 'rehearse a bad day on the emulators, such as billing=flaky')
    .option('--yes', 'in live mode, agree to the accounts that it names')
    .option(...jsonOption)
    .action(async (goal: string | undefined, options: RunOptions) => {
      context.exitCode = await run(goal, options, context)
    })
}

async function run(named: string | undefined, options: RunOptions, context: Context): Promise<number> {
  const { workplace, terminal } = context
  const json = options.json === true
  // `--fault` takes all that follows it, so a goal may stand among the faults.
  const [faults, others] = partition(options.fault ?? [], (text) => text.includes('='))
  const [name, ...more] = [...(named === undefined ? [] : [named]), ...others]
  if (more.length > 0) throw new InputError(`"${more[0]}" is not a fault; write NAME=MODE, such as billing=flaky`)
  const goal = goalNamed(name, workplace)
  const given = options.input === undefined ? {} : await readInput(options.input, [terminal.folder, workplace.root])
  const input = workplace.checkInput(goal, given)
  const opening: OpenOptions = { servers: true, ...reasonerOf(options.reasoner), ...faultsOf(faults) }
  await workplace.check({ ...opening, servers: !options.planOnly })
  if (options.planOnly) return showPlan(goal, input, { ...opening, servers: false }, context, json)

  if (!json) print(context, header(goal, input, options.input, context))
  const remit = await startUp(context, opening, { json, yes: options.yes === true })
  try {
    const runId = await remit.createRun(goal, input)
    return await followRun(context, remit, runId, { json, after: 0 })
  } finally {
    await remit.close()
  }
}

function goalNamed(name: string | undefined, workplace: Workplace): Goal {
  const known = workplace
    .goals()
    .map((goal) => `\n  ${goal.name}  ${goal.title}`)
    .join('')
  if (name === undefined) throw new InputError(`Say which goal to pursue:${known}`)
  if (/\s/.test(name.trim()))
    throw new InputError(
      `A goal in free text needs a model that reads it, and this version has the planner only. Name one of these goals:${known}`,
    )
  return workplace.goal(name)
}

function reasonerOf(name: string | undefined): Pick<OpenOptions, 'reasoner'> {
  if (name === undefined) return {}
  if (name === 'planner') return { reasoner: 'planner' }
  throw new InputError(`--reasoner: "${name}" is not a reasoner of this version; it has "planner"`)
}

function faultsOf(given: readonly string[]): Pick<OpenOptions, 'faults'> {
  if (given.length === 0) return {}
  const faults: Record<string, string> = {}
  for (const text of given) {
    const [, name, mode] = /^([a-z][a-z0-9_-]*)=([a-z][a-z0-9_-]*)$/.exec(text) ?? []
    if (name === undefined || mode === undefined)
      throw new InputError(`--fault: "${text}" is not a fault; write NAME=MODE, such as billing=flaky`)
    if (faults[name] !== undefined) throw new InputError(`--fault: ${name} is given twice; it has one mode at a time`)
    faults[name] = mode
  }
  return { faults }
}

function header(goal: Goal, input: JsonObject, source: string | undefined, context: Context): Line[] {
  const { workplace } = context
  return headerLines(
    {
      goal,
      input,
      mode: workplace.mode,
      vendors: vendorsOf(workplace.catalogue),
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
  else print(context, planOnlyLines(goal, plan, columnsOf(context)))
  return plan.ok ? exitCodes.succeeded : exitCodes.failed
}

function planOnlyLines(goal: Goal, plan: PlanOnly, columns: number): Line[] {
  if (plan.ok) {
    return [
      [heading(`${goal.title}: a plan of ${count(plan.tasks.length, 'call')}`), ' (nothing was called)'],
      ...paragraph(['  '], plan.why, columns),
      ...planLines(plan.tasks, columns),
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
