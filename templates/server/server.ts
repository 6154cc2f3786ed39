import { z } from 'zod'
import {
  type CallContext,
  CapabilityError,
  defineServer,
  defineTool,
  fact,
  type RequestRule,
} from '../../shared/capability/index.ts'
import { type Client, openClient } from './client.ts'
import { faults } from './faults.ts'

const id = fact(z.string().min(1).max(100), 'warehouse.parcel_id')
const name = fact(z.string().trim().min(1).max(200), 'warehouse.parcel_name')
const output = z.object({ parcel_id: id, name: z.string() })

/** What of the vendor's answers is used. */
const record = z.object({ id: z.string(), name: z.string(), run: z.string().optional() })
const records = z.object({ data: z.array(record) })

function requests(method: 'GET' | 'POST' | 'DELETE', path: string): RequestRule[] {
  return [{ endpoint: 'WAREHOUSE_URL', methods: [method], paths: [path] }]
}

const create = defineTool({
  name: 'create_parcel',
  title: 'Create parcel',
  description: 'Create a parcel of a given name. Two parcels may have one name.',
  input: z.object({ name, note: z.string().max(2_000).optional().describe('What else people should know.') }),
  output,
  effect: 'create',
  idempotency: { keyed: '24h' },
  scopes: ['parcels:write'],
  egress: requests('POST', '/v1/parcels'),
  establishes: ['warehouse.parcel'],
  example: { name: 'Ada' },
  compensation: {
    tool: 'delete_parcel',
    arguments: { parcel_id: { $ref: '/output/parcel_id' } },
  },
  lookup: {
    tool: 'find_parcel',
    arguments: { name: { $ref: '/arguments/name' }, this_run: true },
  },
  async run({ name, note }, { client, idempotencyKey: key, call, signal }: CallContext<Client>) {
    const body = { name, run: call.runId, ...(note !== undefined && { note }) }
    const created = record.parse(await client.change('/v1/parcels', { method: 'POST', key, body }, signal))
    return { parcel_id: created.id, name: created.name }
  },
})

const find = defineTool({
  name: 'find_parcel',
  title: 'Find parcel',
  description: 'Find the newest parcel of a name.',
  input: z.object({
    name,
    this_run: z.boolean().default(false).describe('Only one that the run that asks has created.'),
  }),
  output,
  effect: 'read',
  scopes: ['parcels:read'],
  egress: requests('GET', '/v1/parcels'),
  example: { name: { $ref: '/create_parcel/output/name' } },
  async run({ name, this_run }, { client, call, signal }: CallContext<Client>) {
    const { data } = records.parse(await client.read(`/v1/parcels?name=${encodeURIComponent(name)}`, signal))
    const found = data.find(({ run }) => !this_run || run === call.runId)
    if (!found) throw new CapabilityError('not_found', 'There is no parcel of this name.')
    return { parcel_id: found.id, name: found.name }
  },
})

const remove = defineTool({
  name: 'delete_parcel',
  title: 'Delete parcel',
  description: 'Delete a parcel. One that is gone already counts as deleted.',
  input: z.object({ parcel_id: id }),
  output: z.object({ deleted: z.boolean().describe('False where it was gone already.') }),
  effect: 'delete',
  idempotency: 'natural',
  scopes: ['parcels:write'],
  egress: requests('DELETE', '/v1/parcels/{parcel}'),
  example: { parcel_id: { $ref: '/create_parcel/output/parcel_id' } },
  async run({ parcel_id }, { client, idempotencyKey: key, signal }: CallContext<Client>) {
    const path = `/v1/parcels/${encodeURIComponent(parcel_id)}`
    try {
      await client.change(path, { method: 'DELETE', key }, signal)
      return { deleted: true }
    } catch (error) {
      if (error instanceof CapabilityError && error.failure.kind === 'not_found') return { deleted: false }
      throw error
    }
  },
})

/** Creates, finds and deletes parcels in one account of Warehouse. */
export const server = defineServer({
  name: 'warehouse',
  title: 'Warehouse',
  version: '0.1.0',
  description: 'Creates, finds and deletes parcels.',
  instructions: 'Keeps parcels. Create one, find it by its name, delete it by its id. Two may have one name.',
  endpoints: {
    WAREHOUSE_URL: { description: 'Base URL of the API', protocol: 'http' },
  },
  credentials: {
    WAREHOUSE_TOKEN: {
      description: 'Token of an account that may read and write parcels',
      delivery: 'egress',
      endpoint: 'WAREHOUSE_URL',
      header: { form: 'bearer' },
      placeholder: 'held-by-remit',
    },
  },
  emulates: 'Warehouse',
  faults,
  environment: z.object({
    WAREHOUSE_URL: z.url({ protocol: /^https?$/, error: 'must be a URL such as https://api.example.com' }),
    WAREHOUSE_TOKEN: z.string().min(1),
  }),
  connect: ({ environment }) => openClient(environment.WAREHOUSE_URL, environment.WAREHOUSE_TOKEN),
  tools: [create, find, remove],
})
