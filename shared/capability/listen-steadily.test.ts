import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listenSteadily } from './listen-steadily.ts'

let folder: string
let file: string
const servers: Server[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-port-'))
  file = join(folder, 'port.json')
})
afterEach(async () => {
  for (const server of servers.splice(0)) if (server.listening) await closed(server)
  rmSync(folder, { recursive: true, force: true })
})

function newServer(): Server {
  const server = createServer()
  servers.push(server)
  return server
}

async function closed(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}

test('listens where it did before', async () => {
  const first = newServer()
  const port = await listenSteadily(first, file)
  await closed(first)
  expect(await listenSteadily(newServer(), file)).toBe(port)
})

test('listens elsewhere where the port is taken, and from then on there', async () => {
  const taken = await listenSteadily(newServer(), file)
  const second = newServer()
  const port = await listenSteadily(second, file)
  expect(port).not.toBe(taken)
  await closed(second)
  expect(await listenSteadily(newServer(), file)).toBe(port)
})

test('says so where it may not listen at all', async () => {
  writeFileSync(file, '{"port": -1}')
  await expect(listenSteadily(newServer(), file)).rejects.toThrow(/port/)
})
