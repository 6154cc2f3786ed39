import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { expect, test, vi } from 'vitest'
import { runId } from './fixtures/fake-backend.ts'

vi.setConfig({ testTimeout: 30_000 })

const info = { name: 'test', version: '0' }
const launch = {
  command: process.execPath,
  args: [join(import.meta.dirname, 'fixtures', 'stdio-server.ts')],
  stderr: 'ignore' as const,
}
const start = { name: 'start_run', arguments: { goal: 'onboard' } }

test('serves a client of the current revision over stdio', async () => {
  const client = new Client(info, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
  await client.connect(new StdioClientTransport(launch))
  expect((await client.callTool(start)).structuredContent).toMatchObject({ run_id: runId })
  await client.close()
})

test('serves a client of the 2025 SDK over stdio', async () => {
  const client = new OldClient(info)
  await client.connect(new OldTransport(launch))
  expect((await client.callTool(start)).structuredContent).toMatchObject({ run_id: runId })
  await client.close()
})
