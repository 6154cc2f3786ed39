import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { liveCredential } from './live-credential.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-live-credential-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A command that counts how often it was run. */
function counting(name: string) {
  const file = join(folder, name)
  const script = `const fs = require('fs'); const n = Number(fs.existsSync(${JSON.stringify(file)}) && fs.readFileSync(${JSON.stringify(file)}, 'utf8')) + 1; fs.writeFileSync(${JSON.stringify(file)}, String(n)); console.log('key-' + n)`
  return { exec: [process.execPath, '-e', script] }
}

test('a file that changes gives its new value at once, and both values stay secret', async () => {
  const file = join(folder, 'key')
  writeFileSync(file, 'old', { mode: 0o600 })
  const credential = liveCredential({ file }, {})
  expect(await credential.current()).toEqual({ value: 'old' })
  writeFileSync(file, 'newer')
  expect(await credential.current()).toEqual({ value: 'newer' })
  expect(credential.seen()).toEqual(['old', 'newer'])
})

test('a file that is gone gives nothing, and not what it held', async () => {
  const file = join(folder, 'gone')
  writeFileSync(file, 'old', { mode: 0o600 })
  const credential = liveCredential({ file }, {})
  await credential.current()
  rmSync(file)
  expect(await credential.current()).toMatchObject({ fault: expect.stringContaining('ENOENT') })
})

test('a command is asked once a minute, once for all who wait, and again when its answer was refused', async () => {
  let clock = 0
  const credential = liveCredential(counting('count'), {}, () => clock)
  expect(await Promise.all([credential.current(), credential.current()])).toEqual([
    { value: 'key-1' },
    { value: 'key-1' },
  ])
  clock = 59_000
  expect(await credential.current()).toEqual({ value: 'key-1' })
  clock = 61_000
  expect(await credential.current()).toEqual({ value: 'key-2' })
  credential.refused('key-2')
  expect(await credential.current()).toEqual({ value: 'key-3' })
})

test('a refusal of what was replaced meanwhile asks nobody, and refusals without end ask a command now and then', async () => {
  let clock = 0
  const credential = liveCredential(counting('refusals'), {}, () => clock)
  await credential.current()
  credential.refused('key-0')
  expect(await credential.current()).toEqual({ value: 'key-1' })
  credential.refused('key-1')
  expect(await credential.current()).toEqual({ value: 'key-2' })
  credential.refused('key-2')
  expect(await credential.current()).toEqual({ value: 'key-2' })
  clock = 11_000
  credential.refused('key-2')
  expect(await credential.current()).toEqual({ value: 'key-3' })
})

test('what was asked before a refusal does not count after it', async () => {
  const asked = join(folder, 'asked')
  const answer = join(folder, 'answer')
  writeFileSync(answer, 'old')
  // Reads at once, and takes its time to say it.
  const script = `const fs = require('fs'); const said = fs.readFileSync(${JSON.stringify(answer)}, 'utf8'); fs.writeFileSync(${JSON.stringify(asked)}, 'yes'); setTimeout(() => console.log(said), 300)`
  let clock = 0
  const credential = liveCredential({ exec: [process.execPath, '-e', script] }, {}, () => clock)
  await credential.current()
  clock = 61_000
  rmSync(asked)
  const overtaken = credential.current()
  await vi.waitFor(() => expect(existsSync(asked)).toBe(true), 10_000)
  writeFileSync(answer, 'new')
  credential.refused('old')
  expect(await Promise.all([overtaken, credential.current()])).toEqual([{ value: 'old' }, { value: 'new' }])
  expect(await credential.current()).toEqual({ value: 'new' })
})

test('of many values the last are remembered', async () => {
  let clock = 0
  const credential = liveCredential(counting('many'), {}, () => clock)
  for (let turn = 0; turn < 22; turn += 1) {
    await credential.current()
    clock += 61_000
  }
  expect(credential.seen()).toHaveLength(20)
  expect(credential.seen()).not.toContain('key-2')
  expect(credential.seen()).toContain('key-22')
})
