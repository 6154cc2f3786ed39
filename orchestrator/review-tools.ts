import { join } from 'node:path'
import type { JsonObject } from '../shared/json.ts'
import { InputError, type OpenOptions, type ToolFace, type ToolReview } from './cli/remit.ts'
import type { Config } from './config.ts'
import type { Gateway } from './execute/gateway.ts'
import type { ToldTools } from './execute/list-tools.ts'
import { keepPins, pinsFile } from './execute/pin-store.ts'
import { driftOf, unreadable } from './execute/tool-drift.ts'
import { checkSlots, goingLive } from './go-live.ts'
import { openHome } from './home/home.ts'
import { joinHome } from './home/shared-process.ts'
import type { Catalogue } from './model/catalogue.ts'
import { draft } from './model/event.ts'
import { type Pin, pinOf } from './model/pin.ts'
import type { ServerStatus } from './model/server-status.ts'
import { openLog } from './observe/open-log.ts'
import { type OpenRecord, openRecord } from './record/open-record.ts'
import { startEmulators, startServers } from './start-servers.ts'

type Opening = Pick<OpenOptions, 'signal' | 'onStarting' | 'onStarted'>

/** Shows what the catalogue's one server tells otherwise than it was reviewed, and pins it where that is accepted. */
export async function reviewTools(
  config: Config,
  catalogue: Catalogue,
  { accept, ...options }: Opening & { accept(review: ToolReview): Promise<boolean> },
): Promise<ToolReview> {
  return withServers(config, catalogue, options, async (gateway, record) => {
    const [server = ''] = catalogue.servers.keys()
    const told = await gateway.list(server).catch((error: unknown) => {
      throw new InputError(`${server} does not run, so nothing of it can be accepted: ${messageOf(error)}`)
    })
    const at = new Date().toISOString()
    const compared = compare(catalogue, told, { by: config.owner.principal, at })
    const review = { server, changed: compared.map(({ pin: _, ...changed }) => changed), others: [...told.others] }
    const pins = compared.flatMap(({ pin }) => pin ?? [])
    if (compared.length > 0 && (await accept(review)) && pins.length > 0) await keep(config, record, pins)
    return review
  })
}

/** Starts every server, and says how each is. */
export async function checkServers(config: Config, catalogue: Catalogue, options: Opening): Promise<ServerStatus[]> {
  return withServers(config, catalogue, options, async (gateway) => gateway.status())
}

/** Recorded first: nothing counts that the record does not know. */
async function keep(config: Config, { journal }: OpenRecord, pins: readonly Pin[]): Promise<void> {
  await journal.note(pins.map((pin) => draft('system_noted', { what: 'pin_accepted', details: detailsOf(pin) })))
  keepPins(pinsFile(config.home), pins)
}

/** An absent output schema is no member at all. */
function detailsOf({ output, ...pin }: Pin): JsonObject {
  return { ...pin, ...(output && { output }) }
}

function compare({ tools }: Catalogue, { reviewed }: ToldTools, accepted: Pick<Pin, 'by' | 'at'>) {
  return [...tools.values()].flatMap((tool) => {
    const told = reviewed.get(tool.name) ?? []
    const why = driftOf(tool, told)
    if (why === undefined) return []
    const [live] = told
    const pin = live && told.length === 1 && why !== unreadable ? pinOf(tool, live, accepted) : undefined
    return [{ tool: tool.name, why, reviewed: faceOf(tool), ...(pin && { live: faceOf(pin), pin }) }]
  })
}

function faceOf({ description, input, output, annotations, fingerprint }: ToolFace): ToolFace {
  return { description, input, ...(output && { output }), annotations, fingerprint }
}

async function withServers<Result>(
  config: Config,
  catalogue: Catalogue,
  options: Opening,
  work: (gateway: Gateway, record: OpenRecord) => Promise<Result>,
): Promise<Result> {
  await checkSlots(config, catalogue)
  if (await goingLive(config, catalogue))
    throw new InputError('Nobody has agreed to go live with these accounts on this REMIT_HOME')
  const home = openHome(config.home)
  const membership = await joinHome(home)
  const closers: (() => Promise<void>)[] = [() => membership.leave()]
  try {
    const opening = { servers: true, ...options }
    closers.push(await startEmulators(config, catalogue, { home, membership }, {}, opening))
    const record = await openRecord({ home, membership, databaseUrl: config.databaseUrl })
    closers.push(() => record.close())
    options.signal?.throwIfAborted()
    const gateway = await startServers(
      config,
      catalogue,
      { home, membership, record, log: openLog(join(home.logs, 'remit.log')) },
      {},
      opening,
    )
    closers.push(() => gateway.close())
    options.signal?.throwIfAborted()
    return await work(gateway, record)
  } finally {
    for (const closer of closers.reverse()) await closer()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
