import type { RunSummary } from '../../model/listed.ts'
import type { Situation } from '../../model/situation.ts'
import { type AddCommand, jsonOption, positiveInteger, print, printJson, tableFit, withRemit } from '../context.ts'
import type { Remit } from '../remit.ts'
import { type NestedRow, nestRuns } from '../story/nest-runs.ts'
import { ago } from '../text/duration.ts'
import { cutLine, doubtful, type Line } from '../text/line.ts'
import { table } from '../text/table.ts'

/** `remit runs`: the latest runs, the newest first, each with the runs of its sub-goals below it. */
export const addRuns: AddCommand = (program, context) => {
  program
    .command('runs')
    .summary('list the latest runs')
    .option('--status <status>', 'only runs of this status')
    .option('--limit <count>', 'how many', positiveInteger, 20)
    .option(...jsonOption)
    .action(async ({ limit, status, json }: { limit: number; status?: string; json?: boolean }) => {
      const { runs, situations } = await withRemit(context, { servers: false }, async (remit) => {
        const listed = await remit.runs({ limit, ...(status === undefined ? {} : { status }) })
        return { runs: listed, situations: json ? new Map() : await situationsFor(remit, listed, status) }
      })
      if (json) return printJson(context, runs)
      if (runs.length === 0) return print(context, [['There is no such run yet.']])
      print(context, runLines(nestRuns(runs, situations), context.terminal.now(), tableFit(context)))
    })
}

/** The runs of which more has to be known than a list says: those that wait and, where all are wanted, those with sub-goals. */
async function situationsFor(
  remit: Remit,
  runs: readonly RunSummary[],
  wanted: string | undefined,
): Promise<Map<string, Situation>> {
  const waiting = runs.flatMap(({ run_id, status }) => (status === 'waiting' ? [run_id] : []))
  const parents = wanted === undefined ? runs.flatMap(({ parent_run }) => parent_run ?? []) : []
  const ids = [...new Set([...waiting, ...parents])]
  return new Map(
    await Promise.all(ids.map(async (id): Promise<[string, Situation]> => [id, await remit.situation(id)])),
  )
}

function runLines(rows: readonly NestedRow[], now: number, fit: number | undefined): Line[] {
  const [titles = [], rule = [], ...lines] = table(
    [{ title: 'run', whole: true }, { title: 'goal' }, { title: 'status', whole: true }, { title: 'created' }],
    rows.map(({ run, title }) => [run.run_id, title, run.status, ago(now - Date.parse(run.created_at))]),
    fit,
  )
  const told = lines.flatMap((line, index): Line[] => {
    const asked = rows[index]?.asked
    if (asked === undefined) return [line]
    const below: Line = ['  ', doubtful('?'), ' ', asked]
    return [line, fit === undefined ? below : cutLine(below, fit)]
  })
  return [titles, rule, ...told]
}
