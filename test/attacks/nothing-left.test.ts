import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { removeLeftFolders } from '../../orchestrator/execute/sandbox/jail-folder.ts'
import { chooseLimiter } from '../../orchestrator/execute/sandbox/limits/choose-limiter.ts'
import { until } from '../support/hostile-gateway.ts'
import { openJailed, workingDrivers } from '../support/jailed.ts'
import { spawnNode } from '../support/spawn-node.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const patienceMs = 600_000
const jailsOfEach = 10
/** Fifty of the default, and fewer of the others: they share all but the driver. */
const holders = { bwrap: 5, srt: 1, 'node-permission': 1 }
const script = 'test/attacks/fixtures/lasting-program.ts'
const drivers = await workingDrivers()

/** What jails of these owners have on this machine. Of one's own, or of processes that were killed. */
async function leftOf(pids: readonly number[]): Promise<{ processes: number; folders: string[]; groups: string[] }> {
  const names = pids.map((pid) => `remit-jail-${pid}.`)
  const ours = (name: string) => names.some((start) => name.startsWith(start))
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '))
  const groups = mounts.filter(([, , type = '']) => type.startsWith('cgroup')).map(([, folder = '']) => folder)
  const found = await Promise.all(groups.map((folder) => readdir(folder, { recursive: true }).catch(() => [])))
  return {
    processes: (await marked(pids)).length,
    folders: (await readdir(tmpdir())).filter(ours),
    groups: found.flat().filter((path) => ours(path.split('/').at(-1) ?? '')),
  }
}

/** Processes of launches by these owners; the environment of each says whose it is. */
async function marked(pids: readonly number[]): Promise<string[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const environments = await Promise.all(all.map((pid) => readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')))
  return all.filter((_, index) => pids.some((pid) => environments[index]?.includes(`REMIT_LAUNCH=${pid}.`)))
}

const nothing = { processes: 0, folders: [], groups: [] }

const working = (['bwrap', 'srt', 'node-permission'] as const).filter((name) =>
  drivers.some((each) => each.name === name),
)

test.runIf(process.platform === 'linux').each(working)(
  'jails by %s die with who started them, by kill -9, and the next start removes what they had',
  async (name) => {
    const folder = await temporaryFolder('remit-held-')
    const pids: number[] = []
    for (let round = 0; round < holders[name]; round++) {
      const args = [name, folder.path, String(jailsOfEach)]
      await using holder = spawnNode('test/attacks/fixtures/jail-holder.ts', args, { PATH: process.env.PATH ?? '' })
      await holder.until(/all are held/, 'stdout')
      const pid = holder.child.pid ?? 0
      expect((await marked([pid])).length).toBeGreaterThanOrEqual(jailsOfEach)
      pids.push(pid)
      holder.child.kill('SIGKILL')
      await holder.exited
    }
    await until('they are gone', async () => (await marked(pids)).length === 0)
    await Promise.all([removeLeftFolders(), chooseLimiter(process.env)])
    expect(await leftOf(pids)).toEqual(nothing)
    await folder.remove()
  },
  patienceMs,
)

test.runIf(process.platform === 'linux').each(working)(
  'jails by %s leave nothing behind when they are killed one after the other',
  async (name) => {
    const driver = drivers.find((each) => each.name === name)
    if (!driver) throw new Error(`${name} does not work here`)
    const folder = await temporaryFolder('remit-held-')
    const descriptors = (await readdir('/proc/self/fd')).length
    for (let start = 0; start < holders[name] * jailsOfEach; start++) {
      await using jailed = await openJailed({ driver, script, dataFolder: folder.path })
      process.kill(jailed.process.pid ?? 0, 'SIGKILL')
      await jailed.process.exited
    }
    expect(await leftOf([process.pid])).toEqual(nothing)
    await until('pipes are closed', async () => (await readdir('/proc/self/fd')).length <= descriptors)
    await folder.remove()
  },
  patienceMs,
)
