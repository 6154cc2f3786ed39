import { expect, test } from 'vitest'
import type { ServerManifest } from '../../shared/manifest.ts'
import { catalogue } from '../../test/support/rehearsal.ts'
import type { Progress } from '../model/call.ts'
import { connect } from './connection.ts'
import { systemEnvironment } from './launch.ts'
import { defaultLimits } from './limits.ts'

/** A server of 2025-11-25 that writes a call's progress and its result at once. */
const hasty = `
  const say = (...messages) =>
    process.stdout.write(messages.map((message) => JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n').join(''))
  const serverInfo = { name: 'hasty', version: '1' }
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method, params } = JSON.parse(line)
    if (method === 'initialize') say({ id, result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo } })
    else if (method === 'tools/list') say({ id, result: { tools: [] } })
    else if (method === 'tools/call') {
      const told = [1, 2, 3].map((progress) => ({
        method: 'notifications/progress',
        params: { progressToken: params._meta.progressToken, progress, total: 3 },
      }))
      say(...told, { id, result: { content: [{ type: 'text', text: 'done' }] } })
    } else if (id !== undefined) say({ id, error: { code: -32601, message: 'no such method' } })
  })`

test('what a server tells with its answer, in one piece, is heard before the answer', async () => {
  const server = catalogue({ hasty: [] }).servers.get('hasty') as ServerManifest
  const launch = { command: process.execPath, args: ['-e', hasty], cwd: '.', env: systemEnvironment(), secrets: [] }
  const connection = await connect(server, launch, {
    verdicts: { isLegacy: () => true, rememberLegacy: async () => {} },
    limits: defaultLimits,
    signal: new AbortController().signal,
    onFault: () => {},
    onQuarantine: () => {},
  })
  try {
    const told: Progress[] = []
    const { signal } = new AbortController()
    const result = await connection.send(
      'work',
      {},
      { meta: {}, signal, onProgress: (progress) => told.push(progress) },
    )
    expect(result).toMatchObject({ content: [{ text: 'done' }] })
    expect(told.map(({ done }) => done)).toEqual([1, 2, 3])
  } finally {
    await connection.close()
  }
})
