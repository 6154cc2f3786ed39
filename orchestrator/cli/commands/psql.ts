import { openSqlSession } from '../../record/sql-session.ts'
import { type AddCommand, note } from '../context.ts'
import { openInterruptibly } from '../open-interruptibly.ts'
import { runSqlShell } from '../sql-shell.ts'

/** `remit psql`: a SQL shell on the record, or on a workspace. */
export const addPsql: AddCommand = (program, context) => {
  program
    .command('psql')
    .summary('open a SQL shell on the record, or on a workspace')
    .argument('[workspace]', 'its slug, database or id; the record without it')
    .action(async (workspace: string | undefined) => {
      const { terminal } = context
      const remit = await openInterruptibly(context, { servers: false }, () => undefined)
      // Ctrl-C belongs to the shell: it interrupts a statement, and Remit has to outlive that.
      const off = terminal.onInterrupt(() => undefined)
      try {
        const { url, what } = await remit.psqlUrl(workspace)
        note(context, [[`Opening ${what}; leave it with \\q.`]])
        const code = await terminal.runProgram('psql', [], environmentOf(url))
        context.exitCode = code ?? (await ownShell(url))
      } finally {
        off()
        await remit.close()
      }
    })

  async function ownShell(url: string): Promise<number> {
    const session = openSqlSession(url)
    try {
      return await runSqlShell(context, session)
    } finally {
      await session.close()
    }
  }
}

/** A URL as libpq reads it from the environment: arguments of a process can be read by everybody on the machine. */
export function environmentOf(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const values = {
    PGHOST: searchParams.get('host') ?? decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
    PGSSLMODE: searchParams.get('sslmode') ?? '',
    PGOPTIONS: searchParams.get('options') ?? '',
  }
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
}
