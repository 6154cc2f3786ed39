import type { AddressInfo, Server } from 'node:net'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { selfSigned } from '../../test/attacks/fixtures/self-signed.ts'
import { behindTls } from '../../test/support/behind-tls.ts'
import { openRoughProxy } from '../../test/support/rough-proxy.ts'
import { connect } from './connect.ts'
import { isConnectionError } from './postgres-errors.ts'

let front: Server
let url: string
beforeAll(async () => {
  front = await behindTls(inject('databaseUrl'), selfSigned)
  const { port } = front.address() as AddressInfo
  url = Object.assign(new URL(inject('databaseUrl')), { host: `127.0.0.1:${port}` }).href
})
afterAll(() => void front.close())

it('goes over TLS where the URL says so, and over the next connection where one ends', async () => {
  await using proxy = await openRoughProxy(url)
  const sql = connect(`${proxy.url}?sslmode=require`, { max: 2, name: 'test' })
  const ask = () => Promise.all([sql`SELECT 1 AS one`, sql.begin((transaction) => transaction`SELECT 1 AS one`)])
  expect(await ask()).toMatchObject([[{ one: 1 }], [{ one: 1 }]])
  const lost = sql`SELECT pg_sleep(60)`.catch((error: unknown) => error)
  await sql`SELECT 1`
  proxy.end('reset')
  expect(await lost).toSatisfy(isConnectionError)
  // The other connection may not know yet that it has ended as well.
  await expect.poll(() => ask().catch(() => undefined)).toMatchObject([[{ one: 1 }], [{ one: 1 }]])
  await sql.end({ timeout: 1 })
})

it('refuses a certificate that nobody vouches for where the URL says that it has to be checked', async () => {
  const sql = connect(`${url}?sslmode=verify-full`, { max: 2, name: 'test' })
  await expect(sql`SELECT 1`).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  await expect(sql.begin((transaction) => transaction`SELECT 1`)).rejects.toMatchObject({
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  })
  await sql.end({ timeout: 1 })
})
