import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { listProcesses } from '../../orchestrator/execute/sandbox/limits/list-processes.ts'
import { treeOf } from '../../orchestrator/execute/sandbox/limits/process-tree.ts'
import { key, openProberGateway, type ProberGateway, token } from '../support/prober-gateway.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Starting a process takes its time on a busy machine. */
vi.setConfig({ testTimeout: 60_000 })

let prober: ProberGateway
beforeAll(async () => {
  prober = await openProberGateway()
  prober.vendor.answer(({ method, url, headers }, response) => response.end(JSON.stringify({ method, url, headers })))
})
afterAll(() => prober[Symbol.asyncDispose]())

const echo = { requests: [{ to: '/echo?of=me' }] }

test('a call is told with what it caused on the network', async () => {
  const { outcome, egress } = await prober.call({ requests: [{ to: '/echo' }, { to: '/things/t_1', method: 'POST' }] })
  expect(outcome.status).toBe('succeeded')
  expect(egress).toMatchObject([
    { endpoint: 'PROBER_API', method: 'GET', path: '/echo', status: 200, attribution: 'exact' },
    { endpoint: 'PROBER_API', method: 'POST', path: '/things/t_1', status: 200, attribution: 'exact' },
  ])
  expect(prober.vendor.received.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${key}`, `Bearer ${key}`])
})

test.runIf(process.platform === 'linux')('the process holds its token and not the key', async () => {
  const tree = treeOf(prober.pid(), await listProcesses())
  const environments = await Promise.all(tree.map(({ pid }) => readFile(`/proc/${pid}/environ`, 'utf8')))
  const environment = environments.join('\0')
  expect(environment).toContain(`PROBER_TOKEN=${token}`)
  expect(environment).toContain('PROBER_KEY=held-by-remit')
  expect(environment).not.toContain(key)
})

describe('secrets that a server and its vendor tell', () => {
  test.each(['result', 'error', 'stderr'])('in a %s come out as [redacted], both of them', async (tell) => {
    const { outcome } = await prober.call({ ...echo, tell })
    const said = JSON.stringify(outcome)
    expect(said).toContain('[redacted]')
    expect(said).not.toContain(token)
    expect(said).not.toContain(key)
  })

  test('are in nothing that was written', async () => {
    await prober.call({ ...echo, tell: 'error' })
    const written = await prober.written()
    expect(written).toContain('my own token is')
    for (const secret of [key, token, btoa(key), encodeURIComponent(key)]) expect(written).not.toContain(secret)
  })
})

test('what it may not ask for is refused, counted and told with the call', async () => {
  const before = prober.gateway.status()[0]?.denied_egress ?? 0
  const { outcome, egress } = await prober.call({ requests: [{ to: '/admin', method: 'DELETE' }] })
  expect(outcome).toMatchObject({
    status: 'succeeded',
    output: { replies: [expect.stringMatching(/^403 /), expect.anything()] },
  })
  expect(egress).toMatchObject([{ method: 'DELETE', path: '/admin', denied: expect.any(String) }])
  expect(prober.gateway.status()[0]?.denied_egress).toBe(before + 1)
  expect(prober.vendor.received.filter(({ url }) => url.includes('admin'))).toEqual([])
})

test('what it sends after its call has ended goes nowhere', async () => {
  await prober.call({ requests: [{ to: '/things/late', later: true }] })
  await vi.waitFor(() => expect(prober.strays).not.toEqual([]), 30_000)
  expect(prober.strays[0]).toMatchObject({ path: '/things/late', denied: 'no call is in flight' })
  expect(prober.vendor.received.filter(({ url }) => url.includes('late'))).toEqual([])
})

test('a key that is rotated while the server runs fails no call and starts nothing again', async () => {
  const folder = await temporaryFolder('remit-rotated-')
  const file = join(folder.path, 'vault')
  const print = `process.stdout.write(require('fs').readFileSync(${JSON.stringify(file)}, 'utf8'))`
  await writeFile(file, 'the-first-of-the-keys')
  await using rotating = await openProberGateway({ sources: { PROBER_KEY: { exec: [process.execPath, '-e', print] } } })
  const take = (taken: string) =>
    rotating.vendor.answer(({ headers }, response) =>
      response.writeHead(headers.authorization === `Bearer ${taken}` ? 200 : 401).end(),
    )
  const asked = async () => (await rotating.call({ requests: [{ to: '/echo', method: 'POST' }] })).egress
  take('the-first-of-the-keys')
  expect(await asked()).toMatchObject([{ status: 200 }])
  const pid = rotating.pid()
  await writeFile(file, 'the-second-of-the-keys')
  take('the-second-of-the-keys')
  expect(await asked()).toMatchObject([
    { status: 401, attribution: 'exact' },
    { status: 200, attribution: 'exact' },
  ])
  expect(rotating.pid()).toBe(pid)
  expect(await rotating.written()).not.toMatch(/the-(first|second)-of-the-keys/)
  await folder.remove()
})
