import { commandName } from '../../../shared/own-package.ts'
import type { Attack } from './attack.ts'
import type { Availability, SandboxDriver } from './driver.ts'
import { entrance } from './entrance-files.ts'
import { leash } from './leash.ts'

/** The first version whose permission model denies the network. */
const firstMajor = 25

/** Not signals: a process may always signal others of its user. */
const stops: readonly Attack[] = ['read_files', 'write_files', 'read_environment', 'reach_loopback', 'reach_hosts']

/**
 * Node's own permission model, with no network but the channel. The floor: it holds JavaScript, not what a defect of Node or
 * a link inside a granted folder lets through.
 */
export function nodePermissionDriver(): SandboxDriver {
  return {
    name: 'node-permission',
    stops,
    namesDoors: true,
    refuses({ command, args: [first = ''] }) {
      if (command !== process.execPath) return `${command} is not Node`
      // What stands behind ours would be obeyed as well: --allow-child-process, or a file that says so.
      if (first.startsWith('-'))
        return `Node's own option ${first} could take back what is denied; name the script first`
      return undefined
    },
    async available(): Promise<Availability> {
      const [major = 0] = process.versions.node.split('.').map(Number)
      if (major >= firstMajor) return { works: true }
      const advice = `start Remit by "${commandName}", which brings its own Node`
      return { works: false, why: `Node ${process.version} does not deny the network`, advice }
    },
    async wrap({ launch, reads, writes }) {
      const [command = process.execPath, ...args] = [
        ...(await leash()),
        process.execPath,
        ...permissions([...entrance.files, ...reads], writes),
        ...['--import', entrance.preload],
        ...launch.args,
      ]
      return { command, args, cwd: launch.cwd, env: launch.env, release: async () => {} }
    },
  }
}

function permissions(reads: readonly string[], writes: readonly string[]): string[] {
  return [
    '--permission',
    ...[...reads, ...writes].map((path) => `--allow-fs-read=${path}`),
    ...writes.map((path) => `--allow-fs-write=${path}`),
  ]
}
