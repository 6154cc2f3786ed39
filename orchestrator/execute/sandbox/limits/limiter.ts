import type { JailLimits } from '../../../../shared/manifest.ts'
import type { Attack } from '../attack.ts'

/** What holds one jail's memory, processes and processor. */
export interface Holding {
  /** A shell's words that put a process, and so all that it starts, under the limits; run before anything else. */
  enter: readonly string[]
  /** A command that has to stand before all others. */
  prefix: readonly string[]
  /** Looks after a jail whose first process has this pid; ends it by `kill` where it takes more than it was granted. */
  watch(pid: number, kill: (why: string) => void): void
  /** Removes what was made, once nothing is left of the jail. */
  release(): Promise<void>
}

/** A way to limit what a jail uses. */
export interface Limiter {
  name: 'cgroup' | 'systemd' | 'watchdog'
  /** Of the attacks, those that it stops. */
  stops: readonly Attack[]
  /** Whether the share of a processor is limited, too. */
  limitsCpu: boolean
  hold(limits: JailLimits): Promise<Holding>
}
