import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { Policy } from '../../enforce/policy/policy.ts'
import { type Trial, type TrialDocument, trialDocument, usualTrialMs } from '../../run/try-policy.ts'
import { type AddCommand, columnsOf, jsonOption, print, printJson, withRemit } from '../context.ts'
import type { Remit } from '../remit.ts'
import { runIdOf } from '../run-address.ts'
import { shortId } from '../story/short-id.ts'
import { count } from '../text/count.ts'
import { faint, type Line, name, paragraph } from '../text/line.ts'

/** `remit policy`: the rules in force; `remit policy test`: what other rules would have said of past calls. */
export const addPolicy: AddCommand = (program, context) => {
  const policy = program
    .command('policy')
    .summary('show the rules that calls are judged by, or try others on past runs')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) => {
      const { workplace } = context
      const inForce = workplace.policy()
      if (json) return printJson(context, { file: workplace.policyFile, ...inForce })
      print(context, ruleLines(inForce, columnsOf(context)))
    })
  policy
    .command('test')
    .summary('judge the calls of past runs by the rules of a file; calls nothing')
    .argument('[file]', 'a policy file; the one in force unless said')
    .option('--run <run>', 'only this run: the start of its id, or "last"')
    .option('--since <date>', 'runs created since then, as in 2026-11-01; the last seven days unless said', instant)
    .option(...jsonOption)
    .action(async (file: string | undefined, _options: TestOptions, command: { optsWithGlobals(): TestOptions }) => {
      const { json, run, since = new Date(context.terminal.now() - usualTrialMs) } = command.optsWithGlobals()
      const other = context.workplace.policy(file && resolve(context.terminal.folder, file))
      const told = await withRemit(context, { servers: false }, async (remit) => {
        const runs = run === undefined ? await idsSince(remit, since) : [await runIdOf(remit, run)]
        const tried: Trial[] = []
        for (const id of runs) tried.push(...(await remit.tryPolicy(id, other)))
        return trialDocument(runs.length, tried)
      })
      if (json) return printJson(context, told)
      print(context, trialLines(told, columnsOf(context)))
    })
}

interface TestOptions {
  run?: string
  since?: Date
  json?: boolean
}

async function idsSince(remit: Remit, since: Date): Promise<string[]> {
  const ids: string[] = []
  for await (const { run_id } of remit.runsSince(since)) ids.push(run_id)
  return ids
}

function instant(text: string): Date {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('It must be a date, as in 2026-11-01 or 2026-11-01T08:00Z.')
  return at
}

function ruleLines({ rules }: Policy, columns: number): Line[] {
  return rules.flatMap(({ name: rule, when, verdict, reason, four_eyes }, index) => [
    [`${index + 1}. `, name(verdict), ` ${rule}${four_eyes ? ', by somebody else than who asked' : ''}`],
    ...paragraph(['   when '], when, columns),
    ...paragraph(['   '], reason, columns, 'faint'),
  ])
}

function trialLines({ runs, calls, otherwise }: TrialDocument, columns: number): Line[] {
  const figures = `${count(calls, 'call')} of ${count(runs, 'run')} judged`
  if (otherwise.length === 0) return [[`${figures}: each as it was.`]]
  return [
    [`${figures}: ${otherwise.length} would be otherwise.`],
    ...otherwise.flatMap(({ run_id, task_id, tool, recorded, now }): Line[] => [
      [],
      [name(tool), `  ${recorded.verdict} → ${now.verdict}`, faint(`  task ${task_id} of run ${shortId(run_id)}`)],
      ...paragraph(['  was ', `${recorded.rule}: `], recorded.reason, columns),
      ...paragraph(['  now ', `${now.rule}: `], now.reason, columns),
    ]),
  ]
}
