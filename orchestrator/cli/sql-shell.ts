import type { SqlSession } from '../record/sql-session.ts'
import { type Context, note, print, tableFit } from './context.ts'
import { count } from './text/count.ts'
import { faint } from './text/line.ts'
import { table } from './text/table.ts'

const prompts = { fresh: '=> ', more: '-> ' } as const

/** psql's short commands that this shell has, as the statements that they stand for. */
const shorthands: Record<string, string> = {
  '\\dt': `select schemaname as schema, tablename as name, tableowner as owner from pg_tables
           where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2`,
  '\\dv': `select schemaname as schema, viewname as name, viewowner as owner from pg_views
           where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2`,
  '\\l': 'select datname as name, pg_get_userbyid(datdba) as owner from pg_database where not datistemplate order by 1',
}

/**
 * A small SQL shell for machines without `psql`: statements that end with `;`, `\dt`, `\dv`, `\l` and `\q`. Returns the
 * exit code: 1 when a statement failed and nobody sat there to see it.
 */
export async function runSqlShell(context: Context, session: Pick<SqlSession, 'query'>): Promise<number> {
  const { terminal } = context
  const prompt = (text: string) => terminal.isTTY && terminal.stdout(text)
  let statement = ''
  let failed = false
  const run = async (sql: string) => {
    failed = !(await runStatement(context, session, sql)) || failed
  }
  prompt(prompts.fresh)
  for await (const line of linesOf(terminal.stdin)) {
    const command = line.trim()
    if (statement === '' && command.startsWith('\\')) {
      if (command === '\\q') return exitCode()
      const sql = shorthands[command]
      if (sql === undefined) note(context, [[`${command} is not known here; there are \\dt, \\dv, \\l and \\q`]])
      else await run(sql)
    } else {
      statement = statement === '' ? command : `${statement}\n${line}`
      if (command.endsWith(';')) {
        await run(statement)
        statement = ''
      }
    }
    prompt(statement === '' ? prompts.fresh : prompts.more)
  }
  if (statement !== '') await run(statement)
  return exitCode()

  function exitCode(): number {
    return failed && !terminal.isTTY ? 1 : 0
  }
}

async function runStatement(context: Context, session: Pick<SqlSession, 'query'>, sql: string): Promise<boolean> {
  try {
    const { command, columns, rows, count: affected } = await session.query(sql)
    if (columns.length === 0) print(context, [[`${command} ${affected || ''}`.trim()]])
    else {
      const titles = columns.map((title) => ({ title }))
      print(
        context,
        table(
          titles,
          rows.map((row) => row.map((value) => value ?? '')),
          tableFit(context),
        ),
      )
      print(context, [[faint(`(${count(rows.length, 'row')})`)]])
    }
    return true
  } catch (error) {
    note(context, [[`error: ${error instanceof Error ? error.message : String(error)}`]])
    return false
  }
}

async function* linesOf(input: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of input) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const lines = rest.split(/\r?\n/)
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
