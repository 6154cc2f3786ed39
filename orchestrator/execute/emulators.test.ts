import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import type { ServerManifest } from '../../shared/manifest.ts'
import { openHome } from '../home/home.ts'
import { joinHome, type Membership } from '../home/shared-process.ts'
import type { Door } from './egress/listen.ts'
import {
  armFault,
  clearAbandonedFault,
  clearFault,
  ensureEmulator,
  FaultInForceError,
  reviveEmulator,
} from './emulators.ts'
import { workshop } from './fixtures/workshop-tools.ts'
import { launcher } from './launcher.ts'
import { watchEmulator } from './watch-emulator.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'remit-emulators-'))
const home = openHome(folder)
const server: ServerManifest = {
  ...workshop('workshop', ['node', 'main.ts']),
  emulator: { vendor: 'Workshop', command: ['node', join(import.meta.dirname, 'fixtures/workshop-emulator.ts')] },
  endpoints: { WORKSHOP_URL: { description: '', protocol: 'http' } },
  credentials: { WORKSHOP_ENVIRONMENT: { description: '', optional: false, delivery: 'env' } },
}
let first: Membership

beforeEach(async () => {
  first = await joinHome(home)
})
afterEach(() => first.leave())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('two commands on one home share one emulator, which ends with the last of them', async () => {
  const second = await joinHome(home)
  const [one, two] = await Promise.all([
    ensureEmulator(first, home, server, root),
    ensureEmulator(second, home, server, root),
  ])
  expect(one).toEqual(two)
  await second.leave()
  expect((await fetch(`${one.control}/state`)).ok).toBe(true)
  await first.leave()
  await expect(fetch(`${one.control}/state`)).rejects.toThrow()
})

test('an emulator that dies comes back where it was as long as it is watched, and not once it was stopped in order', async () => {
  const over = new AbortController()
  const emulator = await ensureEmulator(first, home, server, root)
  const watching = watchEmulator(emulator, () => reviveEmulator(first, home, server, root), over.signal)
  const answers = () =>
    fetch(`${emulator.control}/state`).then(
      ({ ok }) => ok,
      () => false,
    )
  for (const _ of ['once', 'again']) {
    const { services } = await first.status()
    const killed = Number(services[0]?.pid)
    process.kill(killed, 'SIGKILL')
    await expect
      .poll(async () => (await first.status()).services[0]?.pid ?? killed, { timeout: 20_000 })
      .not.toBe(killed)
    await expect.poll(answers, { timeout: 20_000 }).toBe(true)
  }
  await first.stop('emulator-workshop')
  over.abort()
  await watching
  expect(await answers()).toBe(false)
})

test('an emulator that another command of the manifest starts takes the place of the one before, and stays', async () => {
  const before = await ensureEmulator(first, home, server, root)
  const pid = async () => (await first.status()).services.map((service) => service.pid)
  const old = await pid()
  expect(await ensureEmulator(first, home, { ...server, title: 'Another' }, root)).toEqual(before)
  expect(await pid()).toEqual(old)
  const command = [...(server.emulator?.command ?? []), '--another']
  const next = { ...server, emulator: { vendor: 'Workshop', command } }
  // Where it was, so that who stands on it finds it.
  expect(await ensureEmulator(first, home, next, root)).toEqual({ ...before, command })
  const replaced = await pid()
  expect(replaced).not.toEqual(old)
  // By who does not know of it yet.
  await reviveEmulator(first, home, server, root)
  expect(await pid()).toEqual(replaced)
})

test('an emulator inherits nothing', async () => {
  const { credentials } = await ensureEmulator(first, home, server, root)
  expect(credentials.WORKSHOP_ENVIRONMENT).toBe('LANG PATH REMIT_EMULATOR_DATA TZ')
})

const inForce = async (control: string) => (await fetch(`${control}/faults`)).json()

test('arms a fault for one command at a time, which alone clears it, and passes on why a mode is refused', async () => {
  const { control } = await ensureEmulator(first, home, server, root)
  await armFault(control, 'odd', first.id)
  await expect(armFault(control, 'even', 'another')).rejects.toThrow(FaultInForceError)
  await expect(armFault(control, 'even', 'another')).rejects.toThrow('another command on this REMIT_HOME rehearses odd')
  await clearFault(control, 'another')
  expect(await inForce(control)).toEqual({ mode: 'odd', by: first.id })
  await clearFault(control, first.id)
  expect(await inForce(control)).toEqual({ mode: null })
  await expect(armFault(control, 'strange', first.id)).rejects.toThrow('one of odd, even')
})

test('clears the fault of a command that is gone, and neither that of one at work nor one that was armed by hand', async () => {
  const second = await joinHome(home)
  const { control } = await ensureEmulator(first, home, server, root)
  await armFault(control, 'odd', second.id)
  await clearAbandonedFault(control, first)
  expect(await inForce(control)).toMatchObject({ mode: 'odd' })
  await second.leave()
  await clearAbandonedFault(control, first)
  expect(await inForce(control)).toEqual({ mode: null })
  await fetch(`${control}/faults`, { method: 'POST', body: '{"mode":"odd"}' })
  await clearAbandonedFault(control, first)
  expect(await inForce(control)).toEqual({ mode: 'odd' })
})

test('a launch in emulated mode has a door to the emulator, and nothing that says where it is', async () => {
  let doors: readonly Door[] = []
  const launch = launcher({
    home,
    emulatorOf: (emulated) => ensureEmulator(first, home, emulated, root),
    root,
    mode: 'emulated',
    sources: () => ({}),
    environment: {},
    databaseUrl: () => 'postgres://unused',
    jailer(_server, place) {
      doors = place.doors
      return () => Promise.reject(new Error('nothing is started here'))
    },
    onStray: () => undefined,
  })
  const { endpoints } = await ensureEmulator(first, home, server, root)
  const { env, logFile, broker } = await launch(server)
  expect(env).toMatchObject({ REMIT_SERVER_DATA: join(folder, 'servers', 'workshop') })
  const [slot = '', url = ''] = Object.entries(endpoints)[0] ?? []
  const led = new URL(env[slot] ?? '')
  expect(led.href).not.toContain(url)
  expect(doors).toMatchObject([{ port: Number(led.port) }])
  broker?.callStarted('call', { egress: [{ endpoint: slot, methods: ['GET'], paths: ['/control/state'] }] })
  expect(await statusThrough(doors[0]?.socket ?? '', `${led.pathname.replace(/\/$/, '')}/control/state`)).toBe(200)
  await broker?.close()
  expect(logFile).toBe(join(folder, 'logs', 'server-workshop.log'))
})

/** What the emulator answers, by way of a door. */
async function statusThrough(socketPath: string, path: string): Promise<number> {
  const asked = request({ socketPath, path }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  return answer.statusCode ?? 0
}
