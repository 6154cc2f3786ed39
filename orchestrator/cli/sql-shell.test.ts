import { describe, expect, test } from 'vitest'
import { FakeTerminal, typed } from './fixtures/fake-terminal.ts'
import { FakeWorkplace } from './fixtures/fake-workplace.ts'
import { happyPath } from './fixtures/journals.ts'
import { runSqlShell } from './sql-shell.ts'

function shell(...pieces: string[]) {
  const terminal = new FakeTerminal()
  terminal.stdin = typed(...pieces)
  const asked: string[] = []
  const context = { workplace: new FakeWorkplace(happyPath().events), terminal, colors: false, exitCode: 0 }
  const session = {
    async query(statement: string) {
      asked.push(statement)
      if (statement.startsWith('bad')) throw new Error('syntax error at or near "bad" (42601)')
      if (statement.startsWith('insert')) return { command: 'INSERT', columns: [], rows: [], count: 2 }
      return {
        command: 'SELECT',
        columns: ['name', 'seats'],
        rows: [
          ['acme', '25'],
          ['zoë', null],
        ],
        count: 2,
      }
    },
  }
  return { terminal, asked, exit: runSqlShell(context, session) }
}

describe('the SQL shell', () => {
  test('reads statements over several lines and pieces, and prints tables', async () => {
    const { terminal, asked, exit } = shell('select name,\n  se', 'ats from t;\ninsert into t;\n')
    expect(await exit).toBe(0)
    expect(asked).toEqual(['select name,\n  seats from t;', 'insert into t;'])
    expect(terminal.out).toBe('name  seats\n────  ─────\nacme  25\nzoë\n(2 rows)\nINSERT 2\n')
  })

  test('runs what is left at the end of the input without a semicolon', async () => {
    const { asked, exit } = shell('select 1')
    await exit
    expect(asked).toEqual(['select 1'])
  })

  test('knows psql’s words for listing and leaving', async () => {
    const { terminal, asked, exit } = shell('\\dt\n\\x\n\\q\nselect 1;\n')
    expect(await exit).toBe(0)
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain('pg_tables')
    expect(terminal.err).toContain('\\x is not known here')
  })

  test('goes on after an error, and tells a script of it by its exit code', async () => {
    const { terminal, asked, exit } = shell('bad;\nselect 1;\n')
    expect(await exit).toBe(1)
    expect(asked).toHaveLength(2)
    expect(terminal.err).toBe('error: syntax error at or near "bad" (42601)\n')
  })
})
