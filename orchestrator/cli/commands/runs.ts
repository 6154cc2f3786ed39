import { type AddCommand, jsonOption, positiveInteger, print, printJson, tableFit, withRemit } from '../context.ts'
import { duration } from '../text/duration.ts'
import { table } from '../text/table.ts'

/** `remit runs`: the latest runs, the newest first. */
export const addRuns: AddCommand = (program, context) => {
  program
    .command('runs')
    .summary('list the latest runs')
    .option('--status <status>', 'only runs of this status')
    .option('--limit <count>', 'how many', positiveInteger, 20)
    .option(...jsonOption)
    .action(async ({ limit, status, json }: { limit: number; status?: string; json?: boolean }) => {
      const runs = await withRemit(context, { servers: false }, (remit) =>
        remit.runs({ limit, ...(status === undefined ? {} : { status }) }),
      )
      if (json) return printJson(context, runs)
      if (runs.length === 0) return print(context, [['There is no such run yet.']])
      const now = context.terminal.now()
      print(
        context,
        table(
          [{ title: 'run' }, { title: 'goal' }, { title: 'status' }, { title: 'created' }],
          runs.map((run) => [run.run_id, run.goal, run.status, `${duration(now - Date.parse(run.created_at))} ago`]),
          tableFit(context),
        ),
      )
    })
}
