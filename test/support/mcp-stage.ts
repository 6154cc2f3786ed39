import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type Policy, policyOf } from '../../orchestrator/enforce/policy/policy.ts'
import type { AppLimits } from '../../orchestrator/http/create-app.ts'
import { type HttpServer, listen } from '../../orchestrator/http/listen.ts'
import { mcpModule } from '../../orchestrator/http/mcp-module.ts'
import { openRateLimiter } from '../../orchestrator/http/rate-limit.ts'
import type { Issuer } from '../../orchestrator/http/tokens.ts'
import { withSubGoals } from '../../orchestrator/model/sub-goals.ts'
import { openMcpDoor } from '../../orchestrator/open-mcp-door.ts'
import { knownReasoners } from '../../orchestrator/reasoners.ts'
import { CancellableGateway } from '../../orchestrator/run/cancellable-gateway.ts'
import { type HttpStage, openHttpStage } from './http-stage.ts'
import { pursuitsOnStations } from './workers/pursuits-on-stations.ts'
import { stationGoals, stationTools } from './workers/stations.ts'
import { openVendorGateway } from './workers/vendor-table.ts'
import type { Yard } from './workers/yard.ts'

/** The name by which others reach the stage's server; tokens for its `/mcp` are for `publicUrl/mcp`. */
export const publicUrl = 'https://remit.example'

/** A call of the vault takes two people, one of the board one. */
const twoOfUs: Policy = policyOf([
  { name: 'two-of-us', when: 'tool == "vault.make_item"', verdict: 'hold', reason: 'it is dear', four_eyes: true },
  { name: 'one-of-us', when: 'tool == "board.make_item"', verdict: 'hold', reason: 'all see it', four_eyes: false },
])

export interface McpClientOptions {
  /** A key, or a token. */
  credential: string
  mode?: 'legacy' | { pin: string }
  capabilities?: NonNullable<ConstructorParameters<typeof Client>[1]>['capabilities']
  /** In place of the usual one, to see or change what goes over the wire. */
  fetch?: typeof fetch
}

/** The application on a socket, with Remit's MCP server at `/mcp`, over the stations and a record of their own. */
export interface McpStage extends AsyncDisposable {
  http: HttpStage
  /** Such as `http://127.0.0.1:41234`. */
  url: string
  /** What went wrong in ways that nobody foresaw, so far. */
  defects: unknown[]
  connect(options: McpClientOptions): Promise<Client>
}

export async function openMcpStage({
  issuer,
  limits,
}: {
  issuer?: Issuer
  limits?: Partial<AppLimits>
} = {}): Promise<McpStage> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  const defects: unknown[] = []
  const modules = async (yard: Yard) => {
    const vendor = openVendorGateway(yard.vendorUrl, { slowShare: 0, slowMs: 0, pressMs: 0 })
    const gateway = new CancellableGateway(vendor)
    const pursuing = await pursuitsOnStations(yard.record, gateway, twoOfUs)
    const goals = Object.values(stationGoals)
    const door = await openMcpDoor({
      home: yard.home,
      goals,
      catalogue: withSubGoals(stationTools, goals),
      reasoners: knownReasoners(undefined),
      record: yard.record,
      pursuing,
      gateway,
    })
    closers.push(
      () => vendor.close(),
      () => pursuing.close(),
      () => door.close(),
    )
    const module = mcpModule({
      door,
      keys: yard.record.apiKeys.callerOf,
      issuer,
      publicUrl,
      limiter: openRateLimiter(() => performance.now()),
      onDefect: (what, error) => defects.push([what, error]),
    })
    return [module]
  }
  const http = await openHttpStage({ modules, ...(limits && { limits }) })
  closers.unshift(async () => http[Symbol.asyncDispose]())
  const server: HttpServer = await listen(http.app, { host: '127.0.0.1', port: 0 })
  closers.push(() => server.close(0))
  return {
    http,
    url: server.url,
    defects,
    async connect({ credential, mode = { pin: '2026-07-28' }, capabilities = {}, fetch: asked = fetch }) {
      const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode }, capabilities })
      const headers = { authorization: `Bearer ${credential}` }
      const transport = new StreamableHTTPClientTransport(new URL('/mcp', server.url), {
        fetch: asked,
        requestInit: { headers },
      })
      await client.connect(transport)
      closers.push(() => client.close())
      return client
    },
    [Symbol.asyncDispose]: close,
  }
}
