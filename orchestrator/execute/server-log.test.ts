import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { openServerLog } from './server-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-server-log-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

test('keeps lines in order, for the owner alone', async () => {
  const log = openServerLog(join(folder, 'order.log'), 10_000)
  for (let line = 0; line < 100; line++) log.append(`line ${line}`)
  await vi.waitFor(() => expect(read('order.log').split('\n')).toHaveLength(101))
  expect(read('order.log').startsWith('line 0\nline 1\n')).toBe(true)
  expect(statSync(join(folder, 'order.log')).mode & 0o777).toBe(0o600)
})

test('a full file makes room and stays beside the new one', async () => {
  const log = openServerLog(join(folder, 'full.log'), 1_000)
  for (let round = 0; round < 4; round++) {
    log.append('x'.repeat(400))
    await vi.waitFor(() => expect(read('full.log').length % 802).toBe(round % 2 === 0 ? 401 : 0))
  }
  expect([read('full.log').length, read('full.log.1').length]).toEqual([802, 802])
})

test('what comes faster than it can be written is counted, not kept', async () => {
  const log = openServerLog(join(folder, 'flood.log'), 100_000_000)
  for (let line = 0; line < 3_000; line++) log.append('x'.repeat(1_000))
  await vi.waitFor(() => expect(read('flood.log').length).toBeGreaterThan(1_000_000))
  log.append('after')
  await vi.waitFor(() => expect(read('flood.log')).toMatch(/… \d+ lines came too fast to be kept\nafter\n$/))
  expect(read('flood.log').length).toBeLessThan(1_200_000)
})

test('a file that cannot be written disturbs nobody', async () => {
  const log = openServerLog(join(folder, 'nowhere', 'at.log'), 1_000)
  log.append('lost')
  await new Promise((resolve) => setTimeout(resolve, 50))
  log.append('lost too')
})
