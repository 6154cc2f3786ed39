import type { Json } from '../shared/json.ts'
import { InputError } from './cli/remit.ts'
import type { ContentQuestion } from './cli/servers/server-wish.ts'
import type { Config } from './config.ts'
import type { ContentRequest } from './execute/ask-content.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { ServerStatus } from './model/server-status.ts'
import type { ToldServer } from './model/told-server.ts'
import type { ToolReview } from './model/tool-review.ts'
import { compareTools, keepAccepted } from './tool-changes.ts'
import { type Opening, readyToStart, withServers } from './with-servers.ts'

/** Shows what the catalogue's one server tells otherwise than it was reviewed, and pins it where that is accepted. */
export async function reviewTools(
  config: Config,
  catalogue: Catalogue,
  { accept, ...options }: Opening & { accept(review: ToolReview): Promise<boolean> },
): Promise<ToolReview> {
  await readyToStart(config, catalogue)
  return withServers(config, catalogue, options, async ({ gateway, record }) => {
    const [server = ''] = catalogue.servers.keys()
    const told = await gateway.list(server).catch((error: unknown) => {
      throw new InputError(`${server} does not run, so nothing of it can be accepted: ${messageOf(error)}`)
    })
    const at = new Date().toISOString()
    const compared = compareTools(catalogue, told, { by: config.owner.principal, at })
    const review = { server, changed: compared.map(({ pin: _, ...changed }) => changed), others: [...told.others] }
    const pins = compared.flatMap(({ pin }) => pin ?? [])
    if (compared.length > 0 && (await accept(review)) && pins.length > 0)
      await keepAccepted(config, record.journal, pins)
    return review
  })
}

/** Starts every server, and says how each is. */
export async function checkServers(config: Config, catalogue: Catalogue, options: Opening): Promise<ServerStatus[]> {
  await readyToStart(config, catalogue)
  return withServers(config, catalogue, options, async ({ gateway }) => gateway.status())
}

/** Asks the catalogue's one server for all that it tells of itself, and for one resource or prompt of it. */
export async function tellServer(
  config: Config,
  catalogue: Catalogue,
  { ask, ...options }: Opening & { ask?: ContentQuestion },
): Promise<{ told: ToldServer; content?: Json }> {
  await readyToStart(config, catalogue)
  return withServers(config, catalogue, options, async ({ gateway }) => {
    const [server = ''] = catalogue.servers.keys()
    try {
      const told = await gateway.tell(server)
      return ask ? { told, content: await gateway.content(server, contentRequest(ask)) } : { told }
    } catch (error) {
      throw new InputError(`${server} does not tell that: ${messageOf(error)}`)
    }
  })
}

function contentRequest(ask: ContentQuestion): ContentRequest {
  if ('resource' in ask) return { method: 'resources/read', arguments: { uri: ask.resource } }
  return { method: 'prompts/get', arguments: { name: ask.prompt, arguments: ask.arguments } }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
