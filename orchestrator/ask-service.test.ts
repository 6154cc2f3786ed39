import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { askService } from './ask-service.ts'
import { readConfig } from './config.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: Server
let heard: { method?: string; url?: string; authorization?: string; body: string }[]

beforeEach(async () => {
  folder = await temporaryFolder()
  heard = []
  server = createServer(async (request: IncomingMessage, response) => {
    const { method, url, headers } = request
    heard.push({
      ...(method ? { method } : {}),
      ...(url ? { url } : {}),
      ...(headers.authorization ? { authorization: headers.authorization } : {}),
      body: await text(request),
    })
    if (url === '/away') response.writeHead(302, { Location: 'http://127.0.0.1:9/' })
    response.end(url === '/metrics' ? 'runs 1' : '{"run_id":"1"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await folder.remove()
})

function config({ port = (server.address() as AddressInfo).port } = {}) {
  return { http: { ...readConfig({}).http, port }, configHome: folder.path }
}

const get = (path: string) => ({ path, method: 'GET' })

test('asks with the local key, and takes JSON or a text', async () => {
  await writeFile(`${folder.path}/admin.key`, 'remit_local\n')
  const run = { path: '/v1/runs?a=b', method: 'POST', body: { goal: 'onboard' } }
  expect(await askService(config(), run)).toEqual({ status: 200, body: { run_id: '1' } })
  expect(await askService(config(), get('/metrics'))).toEqual({ status: 200, body: 'runs 1' })
  expect(heard[0]).toEqual({
    method: 'POST',
    url: '/v1/runs?a=b',
    authorization: 'Bearer remit_local',
    body: '{"goal":"onboard"}',
  })
})

test('gives the key to nobody but the service', async () => {
  await writeFile(`${folder.path}/admin.key`, 'remit_local')
  for (const path of ['//elsewhere.test/v1/runs', 'http://elsewhere.test/', 'v1/runs'])
    await expect(askService(config(), get(path))).rejects.toThrow('is no path of the service')
  await expect(askService(config(), get('/away'))).rejects.toThrow('Nothing answers')
  expect(heard.map(({ url }) => url)).toEqual(['/away'])
})

test('says what is missing: a key, a service, a port', async () => {
  await expect(askService(config(), get('/v1/runs'))).rejects.toThrow(
    `${folder.path}/admin.key cannot be read (ENOENT)`,
  )
  await writeFile(`${folder.path}/admin.key`, 'remit_local')
  await expect(askService(config({ port: 0 }), get('/v1/runs'))).rejects.toThrow('REMIT_PORT is 0')
  const { port } = config().http
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await expect(askService(config({ port }), get('/v1/runs'))).rejects.toThrow(`http://127.0.0.1:${port} (ECONNREFUSED)`)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
