import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import type { ConnectOptions } from '../../orchestrator/execute/connection.ts'
import type { Progress } from '../../orchestrator/model/call.ts'
import { processesOf } from '../support/remit-command.ts'
import { type NodeProcess, spawnNode } from '../support/spawn-node.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { matrix } from './matrix.ts'
import { call, connectTo, type Stranger, scriptOf, withStranger } from './support/stranger.ts'
import { tryOut } from './support/try-out.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let http: NodeProcess
let url: URL

beforeAll(async () => {
  folder = await temporaryFolder('remit-strangers-')
  await mkdir(join(folder.path, 'files'))
  await writeFile(join(folder.path, 'files', 'note.txt'), 'Hello from a file.')
  const port = await freePort()
  http = spawnNode(scriptOf(matrix.everythingHttp), ['streamableHttp'], { PORT: String(port), MARK: folder.path })
  await http.until(/listening on port/i, 'stderr')
  url = new URL(`http://127.0.0.1:${port}/mcp`)
})
afterAll(async () => {
  http.child.kill('SIGKILL')
  await http.exited
  expect(processesOf(folder.path)).toEqual([])
  await folder.remove()
})

/** The server listens on the port that it is told, and on no other. */
async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const accept: ConnectOptions['onQuestion'] = async () => ({ action: 'accept', content: { name: 'Ada', check: true } })
const long = { duration: 0.3, steps: 3 }

/** What the protocol's own example of everything does over either transport. */
const everythingOver = (stranger: () => Stranger) => ({
  list: () =>
    withStranger(connectTo(stranger()), async (connection) => {
      expect(connection.era).toBe('2025-11-25')
      const { others } = await connection.list()
      expect(others).toEqual(expect.arrayContaining(['echo', 'get-sum', 'trigger-long-running-operation']))
      // What it can only do with a client that shows forms, it does not offer to one that shows none.
      expect(others).not.toContain('trigger-elicitation-request')
    }),
  call: () =>
    withStranger(connectTo(stranger()), async (connection) => {
      const sum = await call(connection, 'get-sum', { a: 2, b: 3 })
      expect(sum.content).toMatchObject([{ text: expect.stringContaining('5') }])
      const weather = await call(connection, 'get-structured-content', { location: 'New York' })
      expect(weather.structuredContent).toMatchObject({ temperature: expect.any(Number) })
    }),
  error: () =>
    withStranger(connectTo(stranger()), async (connection) => {
      expect(await call(connection, 'get-sum', { a: 'two' })).toMatchObject({ isError: true })
      const unknown = await call(connection, 'no-such-tool').catch((error: Error) => ({
        isError: true,
        content: error,
      }))
      expect(unknown).toMatchObject({ isError: true })
    }),
  progress: () =>
    withStranger(connectTo(stranger()), async (connection) => {
      const told: Progress[] = []
      const onProgress = (progress: Progress) => told.push(progress)
      await call(connection, 'trigger-long-running-operation', long, { onProgress })
      expect(told.map(({ done, total }) => [done, total])).toEqual([
        [1, 3],
        [2, 3],
        [3, 3],
      ])
    }),
  elicitation: () =>
    withStranger(connectTo(stranger(), accept), async (connection) => {
      const asked = await call(connection, 'trigger-elicitation-request')
      expect(JSON.stringify(asked.content)).toContain('Ada')
    }),
  cancel: () =>
    withStranger(connectTo(stranger()), async (connection) => {
      const cancel = new AbortController()
      const waiting = call(
        connection,
        'trigger-long-running-operation',
        { duration: 60, steps: 60 },
        {
          signal: cancel.signal,
          onProgress: () => cancel.abort(),
        },
      )
      await expect(waiting).rejects.toThrow()
      // The connection goes on without it.
      expect(await call(connection, 'echo', { message: 'still here' })).toMatchObject({
        content: [{ text: 'Echo: still here' }],
      })
    }),
})

tryOut(
  'everything',
  everythingOver(() => ({ of: matrix.everything, cwd: folder.path })),
)
tryOut(
  'everythingHttp',
  everythingOver(() => ({ url })),
)

const files = (): Stranger => ({ of: matrix.filesystem, args: [join(folder.path, 'files')], cwd: folder.path })

tryOut('filesystem', {
  list: () =>
    withStranger(connectTo(files()), async (connection) => {
      const { others } = await connection.list()
      expect(others).toEqual(expect.arrayContaining(['read_text_file', 'write_file', 'list_directory']))
    }),
  call: () =>
    withStranger(connectTo(files()), async (connection) => {
      const path = join(folder.path, 'files', 'note.txt')
      expect(await call(connection, 'read_text_file', { path })).toMatchObject({
        content: [{ text: 'Hello from a file.' }],
      })
    }),
  error: () =>
    withStranger(connectTo(files()), async (connection) => {
      const outside = await call(connection, 'read_text_file', { path: '/etc/hostname' })
      expect(outside).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('Access denied') }] })
    }),
})

const memory = (): Stranger => ({
  of: matrix.memory,
  cwd: folder.path,
  env: { MEMORY_FILE_PATH: join(folder.path, 'memory.jsonl') },
})
const ada = { name: 'Ada', entityType: 'person', observations: ['writes programs'] }

tryOut('memory', {
  list: () =>
    withStranger(connectTo(memory()), async (connection) => {
      const { others } = await connection.list()
      expect(others).toEqual(expect.arrayContaining(['create_entities', 'search_nodes']))
    }),
  call: () =>
    withStranger(connectTo(memory()), async (connection) => {
      await call(connection, 'create_entities', { entities: [ada] })
      const found = await call(connection, 'search_nodes', { query: 'programs' })
      expect(found.structuredContent).toMatchObject({ entities: [ada] })
    }),
  error: () =>
    withStranger(connectTo(memory()), async (connection) => {
      expect(await call(connection, 'create_entities', { entities: 'Ada' })).toMatchObject({ isError: true })
    }),
})
