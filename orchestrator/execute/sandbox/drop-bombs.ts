import type { JailLimits } from '../../../shared/manifest.ts'
import { systemEnvironment } from '../launch.ts'
import { startServerProcess } from '../server-process.ts'
import { bombs, type Observation } from './attack.ts'
import { confine } from './confinement.ts'
import type { SandboxDriver } from './driver.ts'
import { JailError } from './jail-error.ts'
import type { Limiter } from './limits/limiter.ts'

const leaveMs = 1_000
/** So much more than granted is too much; what is granted in MiB is not cut to the page. */
const slackMb = 64

/** Goes for more memory and more processes than granted, in jails of their own, and says what became of it. */
export async function dropBombs(driver: SandboxDriver, limiter: Limiter, limits: JailLimits): Promise<Observation[]> {
  return Promise.all(bombs.map((bomb) => dropBomb(bomb, driver, limiter, limits)))
}

async function dropBomb(
  bomb: (typeof bombs)[number],
  driver: SandboxDriver,
  limiter: Limiter,
  limits: JailLimits,
): Promise<Observation> {
  const env = systemEnvironment()
  // Nothing is ever started there: without a script Node would first wait for one on stdin.
  const launch = { command: process.execPath, args: ['--eval', ''], cwd: '/', env, secrets: [] }
  const confinement = await confine(driver, limiter, { launch, reads: [], writes: [], doors: [], limits })
  try {
    const jailed = startServerProcess({ ...confinement.launch, channel: true }, leaveMs)
    try {
      const { channel } = jailed
      if (!channel || jailed.pid === undefined) throw new JailError('its jail could not be started')
      for (const stream of [jailed.stdin, jailed.stdout, jailed.stderr]) stream.on('error', () => {})
      jailed.stdout.resume()
      jailed.stderr.resume()
      let ended = 'was ended'
      const gate = confinement.enter({
        pid: jailed.pid,
        channel,
        kill(why) {
          ended = why
          jailed.kill()
        },
      })
      const most = bomb === 'exceed_memory' ? limits.memory_mb + slackMb : limits.processes
      await gate.hear('ready')
      gate.tell({ say: 'bomb', bomb, beyond: most })
      const reached = await gate.hear('reached').catch((error: unknown) => {
        if (error instanceof JailError && gate.closed()) return undefined
        throw error
      })
      if (reached === undefined) return { attack: bomb, held: true, met: ended }
      return { attack: bomb, held: reached.amount < most, met: `reached ${reached.amount}` }
    } finally {
      jailed.kill()
      await jailed.gone
    }
  } finally {
    await confinement.release()
  }
}
