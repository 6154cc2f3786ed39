import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JailLimits } from '../../../../shared/manifest.ts'
import { bombs } from '../attack.ts'
import { isLeftBehind, newJailName } from '../jail-name.ts'
import { type CgroupLayout, cgroupLayouts } from './cgroup-layout.ts'
import { cgroupSettings } from './cgroup-settings.ts'
import type { Limiter } from './limiter.ts'

const mostRemovals = 100
const betweenRemovalsMs = 10

/** Linux control groups, version 2 or 1, where we may make them; undefined where not. Removes those of the dead on the way. */
export async function cgroupLimiter(): Promise<Limiter | undefined> {
  const layout = await writableLayout()
  if (!layout) return undefined
  await Promise.all(foldersOf(layout).map(removeLeftBehind))
  return {
    name: 'cgroup',
    stops: bombs,
    limitsCpu: layout.folders.cpu !== undefined,
    async hold(limits) {
      const name = newJailName()
      const groups = foldersOf(layout).map((folder) => join(folder, name))
      const release = async () => void (await Promise.all(groups.map(removeGroup)))
      try {
        await makeGroup(layout, name, limits)
      } catch (error) {
        await release()
        throw error
      }
      return {
        prefix: [],
        enter: groups.map((group) => `echo 0 > ${quoted(join(group, 'cgroup.procs'))}`),
        watch() {},
        release,
      }
    },
  }
}

/** The first layout in which a group can be made that limits. */
async function writableLayout(): Promise<CgroupLayout | undefined> {
  if (process.platform !== 'linux') return undefined
  const [membership, mounts] = await Promise.all(['cgroup', 'mounts'].map((file) => readText(`/proc/self/${file}`)))
  for (const layout of cgroupLayouts({ membership: membership ?? '', mounts: mounts ?? '' })) {
    const name = newJailName()
    const trial = { memory_mb: 64, processes: 32, cpu: 1, open_files: 64, scratch_mb: 1, output_mb: 1 }
    const [works] = await Promise.allSettled([makeGroup(layout, name, trial)])
    await Promise.all(foldersOf(layout).map((folder) => removeGroup(join(folder, name))))
    if (works.status === 'fulfilled') return layout
  }
  return undefined
}

async function makeGroup({ version, folders }: CgroupLayout, name: string, limits: JailLimits): Promise<void> {
  for (const folder of foldersOf({ version, folders })) await mkdir(join(folder, name))
  for (const { controller, file, value, optional } of cgroupSettings(limits, version)) {
    const folder = folders[controller]
    if (folder === undefined) continue
    await writeFile(join(folder, name, file), value, { flag: 'r+' }).catch((error: unknown) => {
      if (!optional) throw error
    })
  }
}

/** A group can be removed a moment after its last process has gone. */
async function removeGroup(group: string): Promise<void> {
  for (let pass = 0; pass < mostRemovals; pass++) {
    try {
      return await rmdir(group)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return
      await killMembers(group)
      await sleep(betweenRemovalsMs)
    }
  }
}

async function killMembers(group: string): Promise<void> {
  for (const pid of (await readText(join(group, 'cgroup.procs'))).split('\n')) {
    try {
      if (pid !== '') process.kill(Number(pid), 'SIGKILL')
    } catch {
      // Gone meanwhile.
    }
  }
}

async function removeLeftBehind(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  await Promise.all(names.filter(isLeftBehind).map((name) => removeGroup(join(folder, name))))
}

function foldersOf({ folders }: CgroupLayout): string[] {
  return [...new Set(Object.values(folders))]
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
