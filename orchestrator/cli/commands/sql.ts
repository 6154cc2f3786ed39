import { type AddCommand, asObject, jsonOption, note, print, printJson, tableFit, withRemit } from '../context.ts'
import { cell } from '../text/cell.ts'
import { count } from '../text/count.ts'
import { faint } from '../text/line.ts'
import { table } from '../text/table.ts'

/** `remit sql`: one read-only statement over the views of the record. */
export const addSql: AddCommand = (program, context) => {
  program
    .command('sql')
    .summary('ask the record one question')
    .description('Run one read-only statement over the views runs, calls, decisions, approvals and events.')
    .argument('<statement>', 'such as "select server, tool, status from calls order by started_at"')
    .option(...jsonOption)
    .action(async (statement: string, { json }: { json?: boolean }) => {
      const { columns, rows, truncated } = await withRemit(context, { servers: false }, (remit) => remit.sql(statement))
      if (json)
        printJson(
          context,
          rows.map((row) => asObject(columns, row)),
        )
      else {
        const titles = columns.map((title) => ({ title }))
        print(
          context,
          table(
            titles,
            rows.map((row) => row.map(cell)),
            tableFit(context),
          ),
        )
        print(context, [[faint(`(${count(rows.length, 'row')})`)]])
      }
      if (truncated) note(context, [[`There are more rows than the ${rows.length} shown; add a LIMIT or a WHERE.`]])
    })
}
