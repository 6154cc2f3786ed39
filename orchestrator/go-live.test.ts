import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manifestSchema } from '../shared/manifest.ts'
import { InputError, type OpenOptions } from './cli/remit.ts'
import { type Config, readConfig } from './config.ts'
import { defaultPolicy } from './enforce/fixtures/policies.ts'
import { checkSlots, goingLive } from './go-live.ts'
import { catalogueOf } from './model/catalogue.ts'
import { checkOpening, openRemit } from './open-remit.ts'

const manifest = manifestSchema.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../servers/manifest.json'), 'utf8')),
)
const catalogue = catalogueOf(manifest)
let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'remit-live-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const grants: Config['servers'] = {
  organizations: server({ database: 'schema' }),
  provisioning: server({ database: 'provisioner' }),
}
const mapped: Config['servers'] = {
  ...grants,
  billing: server({ credentials: { STRIPE_API_KEY: { env: 'STRIPE_KEY' } } }),
  email: server({
    endpoints: { SMTP_URL: { value: 'smtps://user:hidden@smtp.example.com:465' } },
    settings: { EMAIL_FROM: 'Acme <hello@acme.example>' },
  }),
  slack: server({ credentials: { SLACK_BOT_TOKEN: { env: 'SLACK_TOKEN' } } }),
}
const environment = { STRIPE_KEY: 'sk_live_1', SLACK_TOKEN: 'xoxb-1' }

function server(given: Partial<Config['servers'][string]>): Config['servers'][string] {
  return { endpoints: {}, credentials: {}, settings: {}, ...given }
}

function config(changes: Partial<Config> = {}): Config {
  return { ...readConfig({ REMIT_HOME: home }), mode: 'live', servers: mapped, environment, ...changes }
}

async function issuesOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof InputError)) throw new Error(`not an InputError: ${error}`)
  return error.issues.map(({ path }) => path)
}

describe('what is wrong before anything is started', () => {
  test('in live mode with nothing mapped, every missing slot is named by its path', async () => {
    expect(await issuesOf(checkSlots(config({ servers: grants, environment: {} }), catalogue))).toEqual([
      '/servers/billing/credentials/STRIPE_API_KEY',
      '/servers/email/endpoints/SMTP_URL',
      '/servers/slack/credentials/SLACK_BOT_TOKEN',
    ])
    expect(await issuesOf(checkSlots(config({ servers: {}, environment: {} }), catalogue))).toEqual(
      expect.arrayContaining(['/servers/organizations/database', '/servers/provisioning/database']),
    )
  })

  test('a variable that is not set is missing, whatever else the shell has', async () => {
    const shell = { STRIPE_API_KEY: 'sk_live_other', SLACK_TOKEN: 'xoxb-1' }
    expect(await issuesOf(checkSlots(config({ environment: shell }), catalogue))).toEqual([
      '/servers/billing/credentials/STRIPE_API_KEY',
    ])
  })

  test('emulated vendors need nothing', async () => {
    await checkSlots(config({ mode: 'emulated', servers: grants, environment: {} }), catalogue)
  })

  const asked = (faults: OpenOptions['faults'], changes: Partial<Config> = { mode: 'emulated' }) =>
    checkOpening(config(changes), catalogue, { servers: false, ...(faults && { faults }) })

  test('an unknown fault names those that the server has, an unknown server those that have any', async () => {
    await asked({ billing: 'down', provisioning: 'partial' })
    await expect(asked({ billing: 'dwon' })).rejects.toThrow('billing has no such fault; did you mean down?')
    expect(await issuesOf(asked({ slack: 'down' }))).toEqual(['slack=limited', 'slack=revoked', 'slack=lost'])
    await expect(asked({ organizations: 'down' })).rejects.toThrow('organizations has no faults to rehearse')
    await expect(asked({ bill: 'down' })).rejects.toThrow('there is no such server')
    expect(await issuesOf(asked({ bill: 'down' }))).toEqual(expect.arrayContaining(['billing=down', 'email=bounce']))
  })

  test('no fault is rehearsed on a server that runs by itself', async () => {
    const servers = { ...mapped, billing: server({ url: ['http://127.0.0.1:8080/mcp'] }) }
    await expect(asked({ billing: 'down' }, { mode: 'emulated', servers })).rejects.toThrow('runs by itself')
  })

  test('no fault is rehearsed in live mode', async () => {
    await expect(asked({ billing: 'down' }, {})).rejects.toThrow('refused in live mode')
  })
})

describe('going live', () => {
  test('names who logs in at a server that wants OAuth, and by whose word', async () => {
    const url = ['https://crm.example/mcp']
    const oauth = { grant: 'client_credentials' as const, issuer: 'https://auth.example', client: { id: 'remit' } }
    const accounts = async (given: NonNullable<Config['servers'][string]['oauth']>) => {
      const live = await goingLive(
        config({ servers: { ...mapped, billing: server({ url, oauth: given }) } }),
        catalogue,
      )
      return live?.servers.find(({ name }) => name === 'billing')?.accounts
    }
    expect(await accounts(oauth)).toEqual(['Remit itself, as the client remit of https://auth.example/'])
    expect(await accounts({ grant: 'authorization_code' })).toEqual(["each principal's own login at whoever it names"])
  })

  test('names what is reached and as whom, and shows no secret', async () => {
    const live = await goingLive(config(), catalogue)
    expect(live).toMatchObject({
      record: 'the Postgres that Remit runs itself',
      servers: [
        {
          name: 'billing',
          endpoints: ['https://api.stripe.com/'],
          accounts: ['STRIPE_API_KEY from the environment variable STRIPE_KEY'],
        },
        {
          name: 'email',
          endpoints: ['smtps://smtp.example.com:465'],
          settings: ['EMAIL_FROM: Acme <hello@acme.example>'],
        },
        { name: 'organizations', accounts: ['a database of its own (schema)'] },
        { name: 'provisioning', settings: [expect.stringContaining('WORKSPACE_DOMAIN is not set')] },
        { name: 'slack', endpoints: ['https://slack.com/api/'] },
      ],
    })
    expect(JSON.stringify(live)).not.toMatch(/sk_live_1|xoxb-1|hidden/)
  })

  test('names where a server runs by itself, and needs no slot of it', async () => {
    const live = await goingLive(
      config({ servers: { ...mapped, billing: server({ url: ['https://billing.example/mcp'] }) } }),
      catalogue,
    )
    expect(live?.servers[0]).toEqual({
      name: 'billing',
      title: expect.any(String),
      endpoints: ['https://billing.example/mcp'],
      accounts: ['what the server itself was given'],
      settings: [],
    })
  })

  test('is asked once for the same accounts, and again when one changes', async () => {
    const first = await goingLive(config(), catalogue)
    first?.agree()
    expect(await goingLive(config(), catalogue)).toBeUndefined()
    const others: Partial<Config>[] = [
      { environment: { ...environment, STRIPE_KEY: 'sk_live_2' } },
      { databaseUrl: 'postgres://owner:secret@db.example.com/remit' },
      { servers: { ...mapped, email: server({ endpoints: { SMTP_URL: { value: 'smtps://other.example.com' } } }) } },
    ]
    for (const changes of others) expect(await goingLive(config(changes), catalogue)).toBeDefined()
    const external = await goingLive(config(others[1]), catalogue)
    expect(external?.record).toBe('Postgres at postgres://db.example.com/remit')
  })

  test('runs no command: it is named, and agreed to as it is written', async () => {
    const exec = [process.execPath, '-e', 'process.exit(1)']
    const slack = server({ credentials: { SLACK_BOT_TOKEN: { exec } } })
    const live = await goingLive(config({ servers: { ...mapped, slack } }), catalogue)
    expect(live?.servers.at(-1)?.accounts).toEqual([`SLACK_BOT_TOKEN from the command ${process.execPath}`])
  })

  test('opens no keychain: its entry is named, and another one is agreed to anew', async () => {
    const from = (keychain: string) =>
      config({ servers: { ...mapped, slack: server({ credentials: { SLACK_BOT_TOKEN: { keychain } } }) } })
    const live = await goingLive(from('remit/slack'), catalogue)
    expect(live?.servers.at(-1)?.accounts).toEqual(['SLACK_BOT_TOKEN from the keychain entry remit/slack'])
    live?.agree()
    expect(await goingLive(from('remit/slack'), catalogue)).toBeUndefined()
    expect(await goingLive(from('remit/other'), catalogue)).toBeDefined()
  })

  test('is nothing to ask about in emulated mode', async () => {
    expect(await goingLive(config({ mode: 'emulated' }), catalogue)).toBeUndefined()
  })

  test('happens only after somebody has agreed: servers are not opened before', async () => {
    await expect(
      openRemit(config(), { catalogue, goals: [], policy: defaultPolicy, triggers: [] }, { servers: true }),
    ).rejects.toThrow('Nobody has agreed to go live')
  })
})
