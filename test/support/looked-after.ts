import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { administerServers } from '../../orchestrator/administer-servers.ts'
import { type Config, readConfig } from '../../orchestrator/config.ts'
import type { ToldTools } from '../../orchestrator/execute/list-tools.ts'
import { quarantineOf } from '../../orchestrator/execute/list-tools.ts'
import { pinsFile, readPins } from '../../orchestrator/execute/pin-store.ts'
import type { Administration } from '../../orchestrator/http/administration.ts'
import { keepJoined } from '../../orchestrator/joined-files.ts'
import { type Catalogue, catalogueOf } from '../../orchestrator/model/catalogue.ts'
import { type Pin, withPins } from '../../orchestrator/model/pin.ts'
import type { OpenRecord } from '../../orchestrator/record/open-record.ts'
import type { FingerprintedTool, ServerManifest, ToolManifest } from '../../shared/manifest.ts'
import { fingerprint, serverManifestSchema } from '../../shared/manifest.ts'
import { tool } from './rehearsal.ts'
import { serverStatus } from './server-status.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** The operator's servers as people look after them: `crm` of the project, `files` that was added, `tickets` with logins. */
export interface LookedAfter extends AsyncDisposable {
  administration: Administration
  config: Config
  /** What a running server says of `make_item` from now on; it offers it no more where that is nothing. */
  tell(server: string, description: string | undefined): void
  /** Why no server answers, from now on; nothing ends that. */
  away(why: string | undefined): void
  pins(): Pin[]
  /** Adds `files`, as a person at the machine does. */
  join(): Promise<void>
  /** Has Ada logged in at `tickets`, of some tenant. */
  logIn(tenant: string): Promise<void>
}

const tools = ['make_item', 'find_item'].map(reviewed)

function reviewed(name: string): ToolManifest {
  const described = tool(name, name === 'find_item' ? { effect: 'read' } : {})
  return { ...described, fingerprint: fingerprint(toldOf(described)) }
}

function toldOf({ name, description, input, output, annotations }: ToolManifest): FingerprintedTool {
  return { name, description, inputSchema: input, outputSchema: output, annotations }
}

function server(name: string, more: Partial<ServerManifest> = {}): ServerManifest {
  const described = { name, title: name, version: '1.0.0', description: name, tools }
  return serverManifestSchema.parse({ ...described, command: more.remote ? [] : ['node', `${name}.ts`], ...more })
}

const servers = [
  server('crm', { credentials: { CRM_KEY: { description: 'The key.', optional: false, delivery: 'env' } } }),
  server('files'),
  server('tickets'),
]

export async function lookedAfter(record: OpenRecord): Promise<LookedAfter> {
  const folder = await temporaryFolder('remit-looked-after-')
  const file = join(folder.path, 'remit.config.yaml')
  writeFileSync(file, 'servers: { tickets: { url: "http://127.0.0.1:9/mcp?key=secret", oauth: {} } }\n')
  const config = readConfig({ REMIT_CONFIG: file, REMIT_HOME: join(folder.path, 'home') })
  const bare = catalogueOf({ version: 1, servers })
  const joined = new Map([['files', { origin: { from: 'command' as const }, credentials: {} }]])
  const pins = () => readPins(pinsFile(config.home))
  /** As it stands in every moment, with what was accepted. */
  const now = () => withPins({ ...bare, joined }, pins())
  const catalogue: Catalogue = {
    digest: bare.digest,
    get servers() {
      return now().servers
    },
    get tools() {
      return now().tools
    },
    joined,
  }
  const descriptions = new Map<string, string | undefined>()
  let why: string | undefined
  const toldBy = (name: string): ToldTools => {
    const all = tools.map((one): [string, FingerprintedTool[]] => {
      if (one.name !== 'make_item' || !descriptions.has(name)) return [one.name, [toldOf(one)]]
      const description = descriptions.get(name)
      return [one.name, description === undefined ? [] : [{ ...toldOf(one), description }]]
    })
    return { reviewed: new Map(all), others: ['wipe_everything'] }
  }
  const gateway = {
    async list(name: string) {
      if (why !== undefined) throw new Error(why)
      return toldBy(name)
    },
    status: () =>
      [...catalogue.servers.values()].map((each) => {
        const quarantined = [...quarantineOf(each, toldBy(each.name))].map(([tool, why]) => ({ tool, why }))
        return serverStatus(each.name, { quarantined })
      }),
  }
  return {
    administration: administerServers({ config, catalogue, record, gateway }),
    config,
    tell: (name, description) => void descriptions.set(name, description),
    away: (reason) => {
      why = reason
    },
    pins,
    async join() {
      const entry = {
        origin: { from: 'command' as const },
        credentials: {},
        manifest: server('files'),
        accepted: { by: 'local:ada', at: '2026-01-01T00:00:00.000Z' },
      }
      await keepJoined(config, 'files', { server: entry, lock: undefined, before: undefined }, async () => {})
    },
    logIn: (tenant) =>
      record.serverLogins(undefined).put({
        tenant,
        principal: 'ada',
        server: 'tickets',
        login_id: crypto.randomUUID(),
        issuer: 'https://auth.example/',
        resource: 'https://tickets.example/mcp',
        scopes: ['tickets:read'],
        expires_at: '2026-01-01T13:00:00.000Z',
        made_at: '2026-01-01T12:00:00.000Z',
        made_by: 'local:ada',
        secrets: {
          access_token: 'secret-access',
          refresh_token: 'secret-refresh',
          client: { client_id: 'remit', client_secret: 'secret-client' },
        },
      }),
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}
