import { describe, expect, test } from 'vitest'
import type { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath } from '../fixtures/journals.ts'
import { runId } from '../fixtures/recording.ts'
import { remit } from '../fixtures/remit.ts'

describe('looking', () => {
  test('show tells the same story again, and starts no server', async () => {
    const { exit, out, workplace } = await remit(['show', '019a'])
    expect(exit).toBe(0)
    expect(out).toContain('   0.055s │╷ → billing.create_customer')
    expect(workplace.opened).toMatchObject([{ servers: false }])
  })

  test('show --json prints the document', async () => {
    const { out } = await remit(['show', 'last', '--json'])
    expect(JSON.parse(out)).toMatchObject({ run_id: runId, calls: { length: 6 } })
  })

  test('says so when no run has such an id', async () => {
    expect(await remit(['show', 'ffff'])).toMatchObject({
      exit: 2,
      err: 'remit: No run has an id that starts with ffff\n',
    })
  })

  test('events prints a line for each event, sealed values hidden', async () => {
    const recording = happyPath()
    const { out } = await remit(['events', 'last', '--json'], { recording })
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(recording.events.length)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      seq: 1,
      data: { input: { organization: { tax_id: '[sealed]' } } },
    })
    expect((await remit(['events', 'last'])).out).toMatch(
      /5 {2}12:00:00\.029 {2}call_settled +org\.validate_signup succeeded/,
    )
  })

  test('runs and servers list what there is', async () => {
    expect((await remit(['runs'])).out).toMatch(/019a0000-0000-7000-8000-000000000001 +onboard +succeeded +2 s ago/)
    expect((await remit(['servers'])).out).toMatch(/billing +1\.2\.3 +1 +0 +Stripe +STRIPE_API_BASE +STRIPE_API_KEY/)
  })

  test('tools lists all tools, and finds those that fit a query', async () => {
    expect((await remit(['tools'])).out).toMatch(/billing\.create_customer +create +billing\.customer +Create customer/)
    expect(JSON.parse((await remit(['tools', 'customer', 'account', '--json'])).out)).toMatchObject([
      { id: 'billing.create_customer' },
    ])
  })

  test('sql shows rows as a table or as JSON, and says when there are more', async () => {
    const prepare = (workplace: FakeWorkplace) => {
      workplace.rows = [
        ['a\u001b[2J', { seats: 25 }],
        ['b', null],
      ]
    }
    const { out, err } = await remit(['sql', 'select 1'], { prepare })
    expect(out).toBe('tool    arguments\n──────  ────────────\na\\e[2J  {"seats":25}\nb       null\n(2 rows)\n')
    expect(err).toContain('more rows than the 2 shown')
    const json = await remit(['sql', 'select 1', '--json'], { prepare })
    expect(JSON.parse(json.out)[0]).toEqual({ tool: 'a\u001b[2J', arguments: { seats: 25 } })
  })

  test('verify passes a whole record, and fails an altered one with the event that was', async () => {
    expect(await remit(['verify'])).toMatchObject({ exit: 0 })
    const { exit, out } = await remit(['verify', 'last'], {
      prepare(workplace) {
        workplace.problems = [{ run_id: runId, seq: 3, what: 'its content does not have the hash that was recorded' }]
      },
    })
    expect(exit).toBe(1)
    expect(out).toContain(`${runId} #3`)
  })

  test('doctor fails when something is amiss, and says what to do', async () => {
    const { exit, out } = await remit(['doctor'])
    expect(exit).toBe(1)
    expect(out).toBe(
      '✓ Node      26.10.0\n✗ Postgres  no binaries for this machine\n            → Run npm ci without --omit=optional.\n',
    )
  })

  test('stop says what it stopped', async () => {
    expect((await remit(['stop'])).out).toBe('Stopped billing emulator, postgres.\n')
  })
})

describe('psql', () => {
  test('hands the address to psql by its environment, never by its arguments', async () => {
    const { terminal, err } = await remit(['psql'])
    expect(terminal.programs).toEqual([
      {
        name: 'psql',
        args: [],
        environment: {
          PGHOST: '127.0.0.1',
          PGPORT: '5432',
          PGUSER: 'reader',
          PGPASSWORD: 's@crt',
          PGDATABASE: 'remit',
        },
      },
    ])
    expect(err).not.toContain('crt')
  })
})
