import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { testService } from './fixtures/test-service.ts'
import { type Home, openHome } from './home.ts'
import { identify, isAlive, ownIdentity } from './process-identity.ts'
import { withRegistry } from './registry.ts'
import { joinHome } from './shared-process.ts'
import { startDetached } from './start-detached.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let home: Home
beforeEach(async () => {
  folder = await temporaryFolder()
  home = openHome(folder.path)
})
afterEach(async () => {
  await (await joinHome(home)).leave()
  await folder.remove()
})

const services = () => withRegistry(home.registry, (registry) => registry.services())
const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  )

/** A command in a process of its own, once it uses the service. */
async function command(): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('fixtures/command.ts', import.meta.url)), home.path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, port: Number(String(line)) }
}

describe('commands on one home', () => {
  it('share one process, which the last one stops', async () => {
    const [one, two] = await Promise.all([joinHome(home), joinHome(home)])
    const [first, second] = await Promise.all([
      one.ensure('service', testService(home)),
      two.ensure('service', testService(home)),
    ])
    expect(second).toEqual(first)
    await one.leave()
    expect(await answers(first.port)).toBe(true)
    const [service] = await services()
    await Promise.all([two.leave(), two.leave()])
    expect(await answers(first.port)).toBe(false)
    expect(service && isAlive(service)).toBe(false)
    expect(await services()).toEqual([])
  })

  it('share it across processes, and go on when the one that started it is killed', async () => {
    const starter = await command()
    const other = await command()
    expect(other.port).toBe(starter.port)
    starter.child.kill('SIGKILL')
    await once(starter.child, 'exit')
    expect(await answers(other.port)).toBe(true)
    other.child.stdin?.end()
    await once(other.child, 'exit')
    expect(await answers(other.port)).toBe(false)
  })

  it('leave nothing behind after a kill -9 and one more command', async () => {
    const killed = await command()
    killed.child.kill('SIGKILL')
    await once(killed.child, 'exit')
    const [left] = await services()
    expect(left && isAlive(left)).toBe(true)
    await (await joinHome(home)).leave()
    expect(left && isAlive(left)).toBe(false)
    expect(await services()).toEqual([])
  })

  it('leave nothing behind after a kill -9 between the start of a process and its registration', async () => {
    const script = fileURLToPath(new URL('fixtures/command-that-stops-short.ts', import.meta.url))
    const child = spawn(process.execPath, [script, home.path], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const pid = Number(String(line))
    expect(identify(pid)).toBeDefined()
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect.poll(() => identify(pid)).toBeUndefined()
  })

  it('are not mixed up with a later process that got the pid of a dead one', async () => {
    const stale = { ...ownIdentity(), start: 'long ago' }
    await withRegistry(home.registry, (registry) => {
      registry.addCommand({ id: 'dead', ...stale })
      registry.setService({ name: 'dead', ...stale, stopBy: { signal: 'SIGTERM', graceMs: 1 }, info: {} })
    })
    const membership = await joinHome(home)
    const { commands } = await membership.status()
    expect(commands.map(({ id }) => id)).not.toContain('dead')
    await membership.leave()
    expect(await services()).toEqual([])
  })
})

describe('a shared process', () => {
  it('is started anew when it died, or is not healthy', async () => {
    const membership = await joinHome(home)
    const first = await membership.ensure('service', testService(home))
    const [service] = await services()
    process.kill(Number(service?.pid), 'SIGKILL')
    const second = await membership.ensure('service', testService(home))
    expect(await answers(second.port)).toBe(true)
    const third = await membership.ensure('service', { ...testService(home), isHealthy: () => false })
    expect(await answers(second.port)).toBe(false)
    expect(await answers(third.port)).toBe(true)
    expect(first).not.toEqual(third)
    await membership.leave()
  })

  it('is revived when it died, and left alone when it was stopped in order', async () => {
    const membership = await joinHome(home)
    expect(await membership.revive('service', testService(home))).toBeUndefined()
    expect(await services()).toEqual([])
    const { port } = await membership.ensure('service', testService(home))
    const [first] = await services()
    process.kill(Number(first?.pid), 'SIGKILL')
    await expect.poll(() => answers(port)).toBe(false)
    await membership.revive('service', testService(home))
    const [revived] = await services()
    expect(revived && isAlive(revived)).toBe(true)
    await membership.revive('service', testService(home))
    expect(await services()).toEqual([revived])
    await membership.stop('service')
    await membership.revive('service', testService(home))
    expect(await services()).toEqual([])
    await membership.leave()
    await membership.revive('service', testService(home))
    expect(await services()).toEqual([])
  })

  it('is stopped by the last command that lets go of it, and of those that live only', async () => {
    const [one, two, dead] = await Promise.all([joinHome(home), joinHome(home), command()])
    for (const membership of [one, two]) await membership.ensure('service', testService(home))
    await one.release('service')
    dead.child.kill('SIGKILL')
    await once(dead.child, 'exit')
    const [service] = await services()
    expect(service && isAlive(service)).toBe(true)
    await two.release('service')
    await two.release('service')
    expect(await answers(dead.port)).toBe(false)
    expect(await services()).toEqual([])
    await one.ensure('service', testService(home))
    expect(await services()).toHaveLength(1)
    await Promise.all([one.leave(), two.leave()])
    await two.release('service')
    expect(await services()).toEqual([])
  })

  it('is stopped even when its starter died before it was ready', async () => {
    const membership = await joinHome(home)
    let pid = 0
    const recipe = testService(home)
    const broken = membership.ensure('service', {
      ...recipe,
      async start(spawned) {
        const started = await recipe.start(async (spawnedPid) => {
          pid = spawnedPid
          await spawned(spawnedPid)
        })
        throw new Error(`died before ${started.pid} was registered as ready`)
      },
    })
    await expect(broken).rejects.toThrow('died before')
    await membership.leave()
    expect(await services()).toEqual([])
    expect(identify(pid)).toBeUndefined()
  })

  it('that does not come up is killed, and the error names its log', async () => {
    const pids: number[] = []
    const starting = (script: string) =>
      startDetached({
        name: 'broken',
        command: process.execPath,
        args: ['-e', script],
        env: {},
        cwd: home.path,
        log: join(home.logs, 'broken.log'),
        ready: (line) => JSON.parse(line),
        timeoutMs: 1_000,
        spawned: async (pid) => void pids.push(pid),
      })
    await expect(starting('process.exit(3)')).rejects.toThrow('ended before it was ready (see')
    await expect(starting('setTimeout(() => {}, 60000)')).rejects.toThrow('not ready within 1 s')
    await expect(starting('console.log("no JSON"); setTimeout(() => {}, 60000)')).rejects.toThrow('broken.log')
    for (const pid of pids) expect(identify(pid)).toBeUndefined()
  })
})

it('a lock is let go however many others look at its file', async () => {
  await withRegistry(home.registry, () => {})
  const other = new DatabaseSync(home.registry)
  await withRegistry(home.registry, (registry) => {
    registry.addCommand({ id: 'one', ...ownIdentity() })
    other.exec('BEGIN; SELECT * FROM commands')
    setTimeout(() => other.close(), 50)
  })
  const commands = await withRegistry(home.registry, (registry) => registry.liveCommands())
  expect(commands.map(({ id }) => id)).toEqual(['one'])
  await withRegistry(home.registry, (registry) => registry.removeCommand('one'))
})

it('a home keeps its folders private and takes plain names alone', () => {
  expect(() => home.serverFolder('../x')).toThrow(TypeError)
  expect(home.serverFolder('billing')).toBe(join(home.path, 'servers', 'billing'))
})
