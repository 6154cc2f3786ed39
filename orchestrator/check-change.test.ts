import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ServerManifest, serverManifestSchema } from '../shared/manifest.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { checkChange, type Reviewed } from './check-change.ts'
import { InputError } from './cli/remit.ts'
import { type Config, readConfig } from './config.ts'
import { goingLive } from './go-live.ts'
import { catalogueOf } from './model/catalogue.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder('remit-check-change-')
})
afterEach(() => folder.remove())

function server(name: string, more: object = {}): ServerManifest {
  const described = { name, title: '', version: '1', description: '', command: ['node', 'main.ts'], tools: [] }
  const endpoints = { [`${name.toUpperCase()}_URL`]: { description: '', protocol: 'http', live: 'https://a.example' } }
  return serverManifestSchema.parse({ ...described, endpoints, ...more })
}

type SetUp = Config['servers'][string]
const setUp = (given: Partial<SetUp> = {}): SetUp => ({ endpoints: {}, credentials: {}, settings: {}, ...given })

/** With servers of the project itself, strangers', and what the configuration says of them. */
function reviewed(
  own: ServerManifest[],
  { strange = [], servers = {}, ...more }: Partial<Config> & { strange?: ServerManifest[] } = {},
): Reviewed {
  const origin = { origin: { from: 'command' as const }, credentials: {} }
  const joined = new Map(strange.map(({ name }) => [name, origin]))
  const catalogue = { ...catalogueOf({ version: 1, servers: [...own, ...strange] }), joined }
  return { catalogue, config: { ...readConfig({ REMIT_HOME: folder.path }), mode: 'live', servers, ...more } }
}

const agree = async ({ config, catalogue }: Reviewed) => (await goingLive(config, catalogue))?.agree()

test('what a start would refuse is refused, in any mode, with each slot by its path', async () => {
  const next = server('crm', { credentials: { KEY: { description: '' } } })
  for (const mode of ['emulated', 'live'] as const) {
    const servers = { crm: setUp({ endpoints: { CRM_URL: { value: 'http://127.0.0.1:9' } } }) }
    const refused = checkChange(reviewed([], { mode }), reviewed([next], { mode, servers }))
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toMatchObject({ issues: [{ path: '/servers/crm/credentials/KEY' }] })
  }
})

test.each<[string, ServerManifest, Config['servers']]>([
  ['another host', server('crm', { egress: ['b.example:443'] }), {}],
  ['another endpoint', server('crm', { endpoints: {} }), {}],
  ['another set-up', server('crm'), { crm: setUp({ endpoints: { CRM_URL: { value: 'https://b.example' } } }) }],
])('in live mode nothing goes on to %s before somebody has agreed', async (_, changed, servers) => {
  const before = reviewed([server('crm')])
  await agree(before)
  const next = reviewed([changed, server('mail')], { servers })
  await expect(checkChange(before, next)).rejects.toThrow('Nobody has agreed to what crm, mail would reach by now')
  await agree(next)
  await checkChange(before, next)
})

test('in live mode what reaches nothing new is taken up: other tools, a server less, and a stranger that was accepted', async () => {
  const before = reviewed([server('crm'), server('mail')])
  await checkChange(before, reviewed([server('crm', { version: '2' })], { strange: [server('files')] }))
})

test('a stranger that is set up otherwise is agreed to like any other', async () => {
  const strange = [server('files')]
  const servers = { files: setUp({ endpoints: { FILES_URL: { value: 'https://b.example' } } }) }
  const changed = checkChange(reviewed([], { strange }), reviewed([], { strange, servers }))
  await expect(changed).rejects.toThrow('what files would reach')
})

test('emulated, nobody is asked', async () => {
  const emulator = { vendor: 'CRM', command: ['node', 'emulator.ts'] }
  const mode = 'emulated' as const
  await checkChange(reviewed([], { mode }), reviewed([server('crm', { emulator })], { mode }))
})
