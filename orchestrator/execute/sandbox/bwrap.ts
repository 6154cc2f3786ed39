import { execFile } from 'node:child_process'
import { lstat, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { systemEnvironment } from '../launch.ts'
import { quickAttacks } from './attack.ts'
import { bwrapArguments, type HostLayout } from './bwrap-arguments.ts'
import type { Availability, SandboxDriver } from './driver.ts'
import { entrance } from './entrance-files.ts'
import { writeNames } from './write-names.ts'

const execute = promisify(execFile)
const advice = 'install bubblewrap (Debian, Ubuntu, Fedora: the package "bubblewrap")'
const trialMs = 10_000
const roots = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store']

/** Linux namespaces by bubblewrap: nothing of the host is there but what is named, and no network but the channel. */
export function bwrapDriver(): SandboxDriver {
  let trial: Promise<Trial> | undefined
  const tried = () => {
    trial ??= tryBwrap()
    return trial
  }
  return {
    name: 'bwrap',
    stops: quickAttacks,
    namesDoors: true,
    refuses: () => undefined,
    async available() {
      return (await tried()).availability
    },
    async wrap({ launch, reads, writes, doors, limits }) {
      const { layout, disableUserns } = await tried()
      const names = await writeNames(doors)
      const policy = {
        layout,
        disableUserns,
        reads: [process.execPath, ...entrance.files, ...reads],
        writes,
        files: names.files,
        cwd: launch.cwd,
        scratchBytes: limits.scratch_mb * 1_024 * 1_024,
      }
      return {
        command: 'bwrap',
        args: [...bwrapArguments(policy), process.execPath, entrance.program],
        cwd: launch.cwd,
        // Seen inside as that of pid 1. The server's own goes over the channel.
        env: systemEnvironment(),
        release: names.remove,
      }
    },
  }
}

interface Trial {
  availability: Availability
  layout: HostLayout
  disableUserns: boolean
}

/** A program in a jail, once: what is installed does not always work, as in a container without user namespaces. */
async function tryBwrap(): Promise<Trial> {
  const layout = await hostLayout()
  const failed = (why: string, more = advice): Trial => ({
    availability: { works: false, why, advice: more },
    layout,
    disableUserns: false,
  })
  if (process.platform !== 'linux') return failed('bubblewrap is for Linux', 'use srt on macOS')
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin' }
  const help = await execute('bwrap', ['--help'], { env, timeout: trialMs }).catch(() => undefined)
  if (!help) return failed('bwrap is not installed')
  const disableUserns = help.stdout.includes('--disable-userns')
  const reads = [process.execPath, ...entrance.files]
  const policy = { layout, disableUserns, reads, writes: [], files: [], cwd: '/', scratchBytes: 1_048_576 }
  try {
    const seen = `fs.readFileSync(${JSON.stringify(entrance.program)})`
    await execute('bwrap', [...bwrapArguments(policy), process.execPath, '-e', seen], { env, timeout: trialMs })
    return { availability: { works: true }, layout, disableUserns }
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    const why = `bwrap does not work here: ${stderr.trim().split('\n').at(-1) || message}`
    return failed(why, 'allow user namespaces, and let the user that runs Remit own and read the project')
  }
}

/** Where `/lib` and the like are links into `/usr`, they have to be so inside. */
async function hostLayout(): Promise<HostLayout> {
  const found = await Promise.all(
    roots.map(async (path) => {
      const stat = await lstat(path).catch(() => undefined)
      if (!stat) return []
      return [stat.isSymbolicLink() ? { path, target: await readlink(path) } : { path }]
    }),
  )
  return { roots: found.flat() }
}
