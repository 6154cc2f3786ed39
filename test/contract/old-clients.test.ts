import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { manifestOf } from '../../shared/capability/manifest-of.ts'
import { fixtureSubject } from '../support/fixture-subject.ts'
import { root } from '../support/remit-command.ts'
import { printsOf } from './suite/describe-process.ts'
import { subjectsOf } from './suite/subjects.ts'

let data: string
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'remit-contract-'))
})
afterAll(() => rmSync(data, { recursive: true, force: true }))

it.each([fixtureSubject, ...(await subjectsOf(root))])(
  '$server.name shows a client of the 2025 SDK the tools of the manifest',
  async ({ server, script, cwd, environment }) => {
    const client = new Client({ name: 'contract', version: '0' })
    const env = { ...environment, REMIT_LAUNCHED: '1', REMIT_SERVER_DATA: join(data, server.name) }
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: [script], cwd, env, stderr: 'ignore' }),
    )
    try {
      const { tools } = await client.listTools()
      const expected = manifestOf(server).tools.map(({ name, fingerprint }): [string, string] => [name, fingerprint])
      expect(Object.entries(printsOf(tools))).toEqual(expected)
    } finally {
      await client.close()
    }
  },
)
