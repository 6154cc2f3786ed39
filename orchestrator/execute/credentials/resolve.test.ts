import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type ServerManifest, serverManifestSchema } from '../../../shared/manifest.ts'
import { type CredentialSources, resolveEnvironment } from './resolve.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-credentials-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const billing: ServerManifest = serverManifestSchema.parse({
  name: 'billing',
  title: 'Billing',
  version: '1.0.0',
  description: '',
  command: ['node'],
  emulator: { vendor: 'Stripe', command: ['node'] },
  endpoints: { API_BASE: { description: '', protocol: 'http', live: 'https://api.stripe.com' } },
  credentials: {
    API_KEY: { description: '' },
    EXTRA: { description: '', optional: true },
  },
  settings: { SENDER: { description: '' } },
  tools: [],
})
const database: ServerManifest = serverManifestSchema.parse({
  name: 'organizations',
  title: 'Organizations',
  version: '1.0.0',
  description: '',
  command: ['node'],
  credentials: { DATABASE_URL: { description: '' } },
  tools: [],
})
const emulator = {
  endpoints: { API_BASE: 'http://127.0.0.1:1234' },
  credentials: { API_KEY: 'sk_emulated' },
  control: 'http://127.0.0.1:1234/control',
}

function sources(more: Partial<CredentialSources>): CredentialSources {
  return {
    mode: 'emulated',
    configured: {},
    environment: {},
    databaseUrl: ({ name }) => `postgres://remit_${name}:p%40ss@127.0.0.1:5432/remit`,
    ...more,
  }
}

test('takes a password with a percent sign that nobody encoded as it is, and keeps it secret', async () => {
  const url = 'postgres://remit_organizations:pa%ss@127.0.0.1:5432/remit'
  const { values, secrets } = await resolveEnvironment(database, sources({ databaseUrl: () => url }))
  expect(values).toEqual({ DATABASE_URL: url })
  expect(secrets).toContain('pa%ss')
})

describe('emulated', () => {
  test('takes everything from the emulator, and never what is configured for the vendor', async () => {
    const resolved = await resolveEnvironment(
      billing,
      sources({ emulator, configured: { API_KEY: { env: 'REAL_KEY' } }, environment: { REAL_KEY: 'sk_live' } }),
    )
    expect(resolved).toEqual({
      values: { API_BASE: 'http://127.0.0.1:1234', API_KEY: 'sk_emulated' },
      brokered: {},
      secrets: ['sk_emulated'],
    })
  })

  test('names the slot, the server and the vendor where the emulator gave nothing', async () => {
    await expect(resolveEnvironment(billing, sources({ emulator: { ...emulator, credentials: {} } }))).rejects.toThrow(
      'The server billing lacks what it needs: /servers/billing/credentials/API_KEY was not given by the emulator of Stripe',
    )
  })
})

describe('live', () => {
  test('takes credentials from where the configuration says, and the vendor URL from the manifest', async () => {
    const file = join(folder, 'key')
    writeFileSync(file, 'sk_file\n', { mode: 0o600 })
    const resolved = await resolveEnvironment(
      billing,
      sources({
        mode: 'live',
        configured: { API_KEY: { file }, EXTRA: { env: 'MORE' } },
        environment: { MORE: 'extra' },
      }),
    )
    expect(resolved.values).toEqual({ API_BASE: 'https://api.stripe.com', API_KEY: 'sk_file', EXTRA: 'extra' })
    expect(resolved.secrets).toEqual(['sk_file', 'extra'])
  })

  test('does not pick up a variable of the same name that nobody mapped', async () => {
    await expect(
      resolveEnvironment(billing, sources({ mode: 'live', environment: { API_KEY: 'sk_live' } })),
    ).rejects.toMatchObject({
      issues: [
        {
          path: '/servers/billing/credentials/API_KEY',
          message:
            'is not mapped: write API_KEY: { env: NAME }, { file: PATH }, { keychain: SERVICE/ACCOUNT } or { exec: [COMMAND, …] } there',
        },
      ],
    })
  })

  test.each([
    [{ env: 'NOT_SET' }, 'environment variable NOT_SET, which is not set'],
    [{ file: join(folder, 'none') }, 'which cannot be read (ENOENT)'],
    [{ value: 'sk_inline' }, 'may not stand in the configuration'],
  ])('refuses %o', async (source, why) => {
    const refused = resolveEnvironment(billing, sources({ mode: 'live', configured: { API_KEY: source } }))
    await expect(refused).rejects.toThrow(why)
    await expect(refused).rejects.not.toThrow('sk_inline')
  })
})

test('every slot without a value is named at once', async () => {
  const server = { ...billing, endpoints: { API_BASE: { description: '', protocol: 'http' as const } } }
  const refused = resolveEnvironment(server, sources({ mode: 'live', configured: { EXTRA: { env: 'NOT_SET' } } }))
  await expect(refused).rejects.toMatchObject({
    issues: [
      { path: '/servers/billing/endpoints/API_BASE', message: expect.stringContaining('{ value: URL }') },
      { path: '/servers/billing/credentials/API_KEY' },
      { path: '/servers/billing/credentials/EXTRA', message: expect.stringContaining('NOT_SET, which is not set') },
    ],
  })
})

test.each(['live', 'emulated'] as const)(
  'a setting comes from the configuration, %s or not, and is no secret',
  async (mode) => {
    const configured = { API_KEY: { env: 'KEY' }, SENDER: { value: 'Acme <hello@acme.example>' } }
    const from = sources({ mode, configured, environment: { KEY: 'sk_1' }, ...(mode === 'emulated' && { emulator }) })
    const { values, secrets } = await resolveEnvironment(billing, from)
    expect(values.SENDER).toBe('Acme <hello@acme.example>')
    expect(secrets).not.toContain(values.SENDER)
  },
)

test('a database slot gets the URL of the server’s own role, and its password counts as a secret', async () => {
  const { values, secrets } = await resolveEnvironment(database, sources({}))
  expect(values).toEqual({ DATABASE_URL: 'postgres://remit_organizations:p%40ss@127.0.0.1:5432/remit' })
  expect(secrets).toEqual(expect.arrayContaining([values.DATABASE_URL, 'p%40ss', 'p@ss']))
})

describe('a credential that is delivered by egress', () => {
  const server: ServerManifest = {
    ...billing,
    credentials: {
      API_KEY: {
        description: '',
        optional: false,
        delivery: 'egress',
        endpoint: 'API_BASE',
        header: { form: 'bearer' },
        placeholder: 'held',
      },
    },
  }

  test('is no value of the server, and counts as a secret all the same', async () => {
    const from = sources({ mode: 'live', configured: { API_KEY: { env: 'KEY' } }, environment: { KEY: 'sk_live' } })
    const { values, brokered, secrets } = await resolveEnvironment(server, from)
    expect(values).toEqual({ API_BASE: 'https://api.stripe.com' })
    expect(await brokered.API_KEY?.current()).toEqual({ value: 'sk_live' })
    expect(secrets).toEqual(['sk_live'])
  })

  test('is asked of its source before the server starts', async () => {
    const from = sources({ mode: 'live', configured: { API_KEY: { env: 'KEY' } } })
    await expect(resolveEnvironment(server, from)).rejects.toThrow('/servers/billing/credentials/API_KEY comes from')
  })

  test('comes from the emulator where there is one', async () => {
    const { brokered } = await resolveEnvironment(server, sources({ emulator }))
    expect(await brokered.API_KEY?.current()).toEqual({ value: 'sk_emulated' })
  })
})
