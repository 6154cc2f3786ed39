import type { JailLimits } from '../../../shared/manifest.ts'
import type { Door } from '../egress/listen.ts'
import type { Launch } from '../launch.ts'
import type { Attack } from './attack.ts'

/** The drivers, weakest first. */
export const driverNames = ['none', 'node-permission', 'srt', 'bwrap'] as const
export type DriverName = (typeof driverNames)[number]

/** What one server may do. */
export interface Jail {
  launch: Launch
  /** Files and folders that it may read, absolute. */
  reads: readonly string[]
  /** Folders that it may write, absolute: first the server's own. */
  writes: readonly string[]
  doors: readonly Door[]
  limits: JailLimits
}

/** A command that runs a launch in its jail; its descriptor 3 is the jail's channel to us. */
export interface Wrapped extends Pick<Launch, 'command' | 'args' | 'cwd' | 'env'> {
  release(): Promise<void>
}

/** Whether a driver works on this machine. */
export type Availability = { works: true } | { works: false; why: string; advice: string }

/** A way to confine a process. */
export interface SandboxDriver {
  name: DriverName
  available(): Promise<Availability>
  /** The attacks that it claims to stop: one that gets through all the same refuses the start. */
  stops: readonly Attack[]
  /** Whether a server inside finds a door by the name of what is behind it. */
  namesDoors: boolean
  /** Why it cannot confine this launch; undefined where it can. */
  refuses(launch: Launch): string | undefined
  wrap(jail: Jail): Promise<Wrapped>
}
