import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { bombs } from '../attack.ts'
import type { Limiter } from './limiter.ts'

const execute = promisify(execFile)
const trialMs = 5_000
/** The user's own systemd is found by these; they go to `systemd-run` and to nobody else. */
const busVariables = ['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS']

/** A scope of the user's own systemd, which may make control groups where we may not; undefined where there is none. */
export async function systemdLimiter(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Limiter | undefined> {
  if (process.platform !== 'linux') return undefined
  const bus = Object.fromEntries(
    busVariables.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  )
  const who = process.getuid?.() === 0 ? '--system' : '--user'
  const scope = ['systemd-run', who, '--scope', '--quiet', '--collect']
  try {
    const env = { PATH: '/usr/bin:/bin', ...bus }
    const [program = '', ...args] = [...scope, '-p', 'MemoryMax=64M', '-p', 'TasksMax=32', '--', 'true']
    await execute(program, args, { env, timeout: trialMs })
  } catch {
    return undefined
  }
  const given = Object.entries(bus).map(([name, value]) => `${name}=${value}`)
  return {
    name: 'systemd',
    stops: bombs,
    limitsCpu: true,
    async hold({ memory_mb, processes, cpu }) {
      const properties = [
        `MemoryMax=${memory_mb}M`,
        'MemorySwapMax=0',
        `TasksMax=${processes}`,
        `CPUQuota=${Math.round(cpu * 100)}%`,
      ]
      return {
        prefix: ['env', ...given, ...scope, ...properties.flatMap((property) => ['-p', property]), '--'],
        // What was for `systemd-run` alone goes no further.
        enter: Object.keys(bus).map((name) => `unset ${name}`),
        watch() {},
        release: async () => {},
      }
    },
  }
}
