import { cgroupLimiter } from './cgroup.ts'
import type { Limiter } from './limiter.ts'
import { systemdLimiter } from './systemd.ts'
import { watchdogLimiter } from './watchdog.ts'

/** The strongest way to limit that works here. */
export async function chooseLimiter(environment: Readonly<Record<string, string | undefined>>): Promise<Limiter> {
  return (await cgroupLimiter()) ?? (await systemdLimiter(environment)) ?? watchdogLimiter()
}
