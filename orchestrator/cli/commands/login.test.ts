import { describe, expect, test } from 'vitest'
import { serverStatus } from '../../../test/support/server-status.ts'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath } from '../fixtures/journals.ts'
import { loginAt } from '../fixtures/login-at.ts'
import { browserCommand } from '../process-terminal.ts'
import type { LogIn } from '../remit.ts'
import { runCli } from '../run-cli.ts'

async function remit(argv: string[], prepare: (workplace: FakeWorkplace, terminal: FakeTerminal) => void = () => {}) {
  const terminal = new FakeTerminal()
  const workplace = new FakeWorkplace(happyPath().events)
  workplace.personal = ['billing']
  prepare(workplace, terminal)
  const exit = await runCli(argv, workplace, terminal)
  expect(terminal.listeners.size, 'nobody listens for Ctrl-C any more').toBe(0)
  expect(workplace.openNow).toBe(0)
  return { exit, out: terminal.out, err: terminal.err, terminal, workplace }
}

const url = 'https://auth.example/authorize?state=s'
const offered = {
  issuer: 'https://auth.example',
  resource: 'https://tickets.example/mcp\u001b[2J',
  scopes: ['tickets:read'],
  url,
}

describe('remit servers login', () => {
  test('says who asks for what, opens the browser, and says who is logged in', async () => {
    const asked: LogIn[] = []
    const { exit, out, err, terminal } = await remit(
      ['servers', 'login', 'billing', '--principal', 'shop', '--tenant', 'acme', '--scope', 'a', 'b', '--timeout', '9'],
      (workplace) => {
        workplace.loggingIn = async (_, options) => {
          asked.push(options)
          options.offer(offered)
        }
      },
    )
    expect(exit).toBe(0)
    expect(asked).toMatchObject([{ principal: 'shop', tenant: 'acme', scopes: ['a', 'b'], patienceMs: 9_000 }])
    expect(terminal.browsed).toEqual([url])
    expect(err).toContain(
      'https://auth.example asks whether Remit may use https://tickets.example/mcp\\e[2J, for tickets:read.',
    )
    expect(err).toContain(`The browser shows it. Where it does not, open:\n${url}\n`)
    expect(out).toBe(
      '✓ local:ada is logged in at billing: tickets:read, until 2026-01-01 13:00:00 UTC or as long as it is renewed.\n',
    )
  })

  test.each([
    ['where there is none to be seen', [], false],
    ['where it is not wanted', ['--no-browser'], true],
  ])('opens no browser %s', async (_, more, hasBrowser) => {
    const { err, terminal } = await remit(['servers', 'login', 'billing', ...more], (workplace, terminal) => {
      terminal.hasBrowser = hasBrowser
      workplace.loggingIn = async (_, options) => options.offer(offered)
    })
    expect(terminal.browsed).toEqual([])
    expect(err).toContain(`Open this in a browser:\n${url}\n`)
  })

  test('takes the address that a browser elsewhere ended at, and says what is wrong with another', async () => {
    const pasted: unknown[] = []
    const { err } = await remit(['servers', 'login', 'billing'], (workplace, terminal) => {
      terminal.canAsk = true
      terminal.answers.push('nonsense', 'http://127.0.0.1:1/callback?code=c')
      workplace.loggingIn = async (_, { offer, pasted: ask }) => {
        offer(offered)
        const { signal } = new AbortController()
        pasted.push(await ask(signal), await ask(signal, 'this is no URL'), await ask(signal))
      }
    })
    expect(pasted).toEqual(['nonsense', 'http://127.0.0.1:1/callback?code=c', undefined])
    expect(err).toContain('paste that here.')
    expect(err).toContain('That is not it: this is no URL.')
  })

  test('is one document with --json, which holds no secret', async () => {
    const { out } = await remit(['servers', 'login', 'billing', '--json'])
    expect(JSON.parse(out)).toEqual(loginAt('billing'))
  })

  test('fails with what kept anybody from being logged in', async () => {
    const { exit, err } = await remit(['servers', 'login', 'billing'], (workplace) => {
      workplace.loggingIn = async () => {
        throw new Error('https://auth.example did not log anybody in (access_denied)')
      }
    })
    expect(exit).toBe(1)
    expect(err).toContain('did not log anybody in (access_denied)')
  })
})

describe('remit servers logout', () => {
  test('says whether the issuer took the tokens back', async () => {
    const taken = await remit(['servers', 'logout', 'billing', '--principal', 'shop'])
    expect(taken.workplace.answers).toEqual([['logout', 'billing', '{"principal":"shop"}']])
    expect([taken.out, taken.err]).toEqual(['✓ Logged out at billing.\n', ''])
    const kept = await remit(['servers', 'logout', 'billing'], (workplace) => {
      workplace.loggedOut = { revoked: false, why: 'it is away' }
    })
    expect(kept.err).toBe('Its issuer took no tokens back: it is away.\n')
    const none = await remit(['servers', 'logout', 'billing', '--json'], (workplace) => {
      workplace.loggedOut = undefined
    })
    expect(JSON.parse(none.out)).toEqual({ server: 'billing', logged_out: false })
  })
})

describe('remit servers', () => {
  test('shows who is logged in where that is known, and starts nothing for it', async () => {
    const logins = [{ ...loginAt('billing'), scopes: [], renewable: false }]
    const prepare = (workplace: FakeWorkplace) => {
      workplace.knownLogins = logins
    }
    const { exit, out, workplace } = await remit(['servers'], prepare)
    expect(exit).toBe(0)
    expect(out).toContain('local:ada (no scopes, until 2026-01-01 13:00:00 UTC)')
    expect(workplace.opened).toEqual([])
    expect(JSON.parse((await remit(['servers', '--json'], prepare)).out)).toMatchObject([{ logins }])
  })

  test('says where that is not known', async () => {
    const { exit, out } = await remit(['servers'])
    expect([exit, out]).toEqual([
      0,
      expect.stringContaining('Who is logged in is not known: the record does not run now'),
    ])
    const [listed] = JSON.parse((await remit(['servers', '--json'])).out)
    expect(listed.logins).toBeUndefined()
  })

  test('says so of a record that runs and does not answer, and not that it does not run', async () => {
    const { exit, out } = await remit(['servers'], (workplace) => {
      workplace.lookAtLogins = async () => {
        throw Object.assign(new Error('no'), { code: 'CONNECT_TIMEOUT' })
      }
    })
    expect([exit, out]).toEqual([0, expect.stringContaining('Postgres does not say (CONNECT_TIMEOUT)')])
    expect(out).not.toContain('does not run now')
  })
})

describe('remit servers --check', () => {
  const up = serverStatus('billing')

  test('shows who is logged in where principals log in, and how long that lasts', async () => {
    const { expires_at: _, ...endless } = loginAt('billing')
    const logins = [
      loginAt('billing'),
      { ...endless, principal: 'shop', renewable: false },
      { ...loginAt('billing'), principal: 'old', renewable: false, expires_at: '2026-01-01T11:00:00.000Z' },
      { ...loginAt('billing'), principal: 'gone', ended: 'revoked' },
    ]
    const prepare = (workplace: FakeWorkplace) => {
      workplace.statuses = [up]
      workplace.logins = logins
    }
    const { exit, out } = await remit(['servers', '--check'], prepare)
    expect(exit).toBe(0)
    expect(out).toContain(
      'local:ada (tickets:read, renewed by itself), shop (tickets:read, nobody knows until when), old (tickets:read, expired), gone (tickets:read, ended)',
    )
    const { out: json } = await remit(['servers', '--check', '--json'], prepare)
    expect(JSON.parse(json)).toMatchObject([{ name: 'billing', logins }])
  })

  test('says how to log in where a server could not be asked as the person at the terminal', async () => {
    const { exit, out } = await remit(['servers', '--check'])
    expect(exit).toBe(1)
    expect(out).toContain('✗ billing was not reached as you: npm run remit -- servers login billing')
  })
})

test.each([
  ['darwin', {}, ['open']],
  ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler']],
  ['linux', { DISPLAY: ':0' }, ['xdg-open']],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open']],
  ['linux', {}, undefined],
  ['darwin', { SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, undefined],
] as const)('a browser is opened on %s with %j by %j', (platform, environment, command) => {
  expect(browserCommand(platform, environment)).toEqual(command)
})
