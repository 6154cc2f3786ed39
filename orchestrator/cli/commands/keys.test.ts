import { describe, expect, test } from 'vitest'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath } from '../fixtures/journals.ts'
import { runCli } from '../run-cli.ts'

async function cli(args: string[], workplace = new FakeWorkplace(happyPath().events)) {
  const terminal = new FakeTerminal()
  const code = await runCli(['keys', ...args], workplace, terminal)
  return { code, out: terminal.out, err: terminal.err, workplace }
}

describe('keys', () => {
  test('makes a key with all that limits it, and prints the key alone on stdout', async () => {
    const limits = ['--goal', 'onboard', '--effect', 'create', '--cost', '2.5', '--rate', '10']
    const { code, out, workplace } = await cli(['create', 'shop', '--scope', 'runs:write', 'runs:read', ...limits])
    expect(code).toBe(0)
    expect(out).toBe('remit_0123456789abcdef_secret\n')
    expect(workplace.newKeys).toEqual([
      {
        name: 'shop',
        principal: 'shop',
        scopes: ['runs:write', 'runs:read'],
        ceiling: { goals: ['onboard'], effect: 'create', cost_usd: 2.5 },
        requests_per_minute: 10,
      },
    ])
  })

  test.each([
    ['an unknown scope', ['--scope', 'everything'], 'there are runs:read'],
    ['an unknown effect', ['--scope', 'runs:read', '--effect', 'destroy'], 'there are read, create'],
    ['a goal that is not there', ['--scope', 'runs:read', '--goal', 'fly'], 'There is no goal fly'],
    ['no scope', [], '--scope'],
  ])('refuses %s, and makes no key', async (_, options, message) => {
    const { code, err, workplace } = await cli(['create', 'shop', ...options])
    expect(code).toBe(2)
    expect(err).toContain(message)
    expect(workplace.newKeys).toEqual([])
  })

  test('lists keys with what they are for, and whether they are valid', async () => {
    const workplace = new FakeWorkplace(happyPath().events)
    const key = {
      name: 'shop',
      tenant: 'default',
      principal: 'shop',
      scopes: ['runs:read' as const],
      ceiling: { cost_usd: 2 },
      requests_per_minute: 600,
      created_at: '2026-01-01T00:00:00.000Z',
      created_by: 'ann',
    }
    workplace.keys = [
      { ...key, key_id: 'aaaaaaaaaaaaaaaa' },
      { ...key, key_id: 'bbbbbbbbbbbbbbbb', revoked_at: '2026-01-02T00:00:00.000Z' },
      { ...key, key_id: 'cccccccccccccccc', expires_at: '2020-01-02T00:00:00.000Z' },
    ]
    const { out } = await cli(['list'], workplace)
    expect(out).toMatch(/aaaaaaaaaaaaaaaa.*runs:read.*\$2.*yes/)
    expect(out).toMatch(/bbbbbbbbbbbbbbbb.*revoked/)
    expect(out).toMatch(/cccccccccccccccc.*expired/)
  })

  test('revokes the key of that id', async () => {
    const { code, workplace } = await cli(['revoke', 'aaaaaaaaaaaaaaaa'])
    expect(code).toBe(0)
    expect(workplace.answers).toEqual([['revoke', 'aaaaaaaaaaaaaaaa']])
  })
})
