import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../../shared/json.ts'
import { type Client, type HttpStage, openHttpStage } from '../../../test/support/http-stage.ts'

let stage: HttpStage
let ann: Client
/** May make keys, within limits. */
let shop: Client
const end = new Date(Date.now() + 3_600_000)

beforeAll(async () => {
  stage = await openHttpStage()
  ann = await stage.client({ tenant: 'acme' })
  shop = await stage.client({
    tenant: 'acme',
    principal: 'shop',
    scopes: ['keys:admin', 'runs:read', 'runs:write'],
    ceiling: { goals: ['three'], effect: 'create', cost_usd: 1 },
    requests_per_minute: 50,
    expires_at: end,
  })
})
afterAll(async () => {
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

const make = (client: Client, body: Json) => client('/v1/keys', { method: 'POST', body })
const made = async (client: Client, body: Json) =>
  (await (await make(client, body)).json()) as { key_id: string; key: string }
const asks = async (key: string, path: string) =>
  (await stage.app.request(path, { headers: { Authorization: `Bearer ${key}` } })).status

interface Listed {
  key_id: string
  principal: string
  [member: string]: unknown
}
const list = async (client: Client) => ((await (await client('/v1/keys')).json()) as { keys: Listed[] }).keys

describe('/v1/keys', () => {
  it('makes a key that is shown once, lists it without its secret, and ends it for good', async () => {
    const { key_id, key } = await made(ann, { name: 'reports', scopes: ['runs:read'] })
    expect(await asks(key, '/v1/runs')).toBe(200)
    expect(await asks(key, '/v1/keys')).toBe(403)
    const text = await (await ann('/v1/keys')).text()
    expect(text).toContain(key_id)
    expect(text).not.toContain(key.split('_').at(-1))
    expect((await ann(`/v1/keys/${key_id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await asks(key, '/v1/runs')).toBe(401)
    expect((await ann(`/v1/keys/${key_id}`, { method: 'DELETE' })).status).toBe(404)
    expect((await list(ann)).find((one) => one.key_id === key_id)).toMatchObject({ revoked_at: expect.any(String) })
  })

  it('makes one within the limits of who asks, where nothing is said of limits', async () => {
    const { key_id } = await made(shop, { name: 'till', scopes: ['runs:write'] })
    expect((await list(ann)).find((one) => one.key_id === key_id)).toEqual({
      key_id,
      name: 'till',
      principal: 'till',
      scopes: ['runs:write'],
      goals: ['three'],
      effect: 'create',
      cost_usd: 1,
      requests_per_minute: 50,
      created_at: expect.any(String),
      created_by: 'shop',
      expires_at: end.toISOString(),
    })
  })

  it.each<[string, Record<string, Json>, string]>([
    ['a scope', { scopes: ['approvals:decide'] }, '/scopes/0'],
    ['a goal', { goals: ['five'] }, '/goals/0'],
    ['an effect', { effect: 'update' }, '/effect'],
    ['money', { cost_usd: 2 }, '/cost_usd'],
    ['a rate', { requests_per_minute: 51 }, '/requests_per_minute'],
    ['time', { expires_at: new Date(end.getTime() + 1_000).toISOString() }, '/expires_at'],
  ])('never gives away %s that who asks has not', async (_, more, pointer) => {
    const before = (await list(ann)).length
    const response = await make(shop, { name: 'more', scopes: ['runs:read'], ...more })
    expect([response.status, await response.json()]).toMatchObject([422, { errors: [{ pointer }] }])
    expect(await list(ann)).toHaveLength(before)
  })

  it('is about the keys of the own tenant alone', async () => {
    const eve = await stage.client({ tenant: 'eve', principal: 'eve' })
    const { key_id, key } = await made(ann, { name: 'ours', scopes: ['runs:read'] })
    expect((await list(eve)).map(({ principal }) => principal)).toEqual(['eve'])
    expect((await eve(`/v1/keys/${key_id}`, { method: 'DELETE' })).status).toBe(404)
    expect(await asks(key, '/v1/runs')).toBe(200)
    const { key: theirs } = await made(eve, { name: 'theirs', scopes: ['runs:read'] })
    expect((await stage.yard.record.apiKeys.callerOf(theirs))?.tenant).toBe('eve')
  })
})
