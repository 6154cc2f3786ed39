import type { Duplex } from 'node:stream'
import type { Launch } from '../launch.ts'
import type { Observation } from './attack.ts'
import type { Jail, SandboxDriver } from './driver.ts'
import { type Gatekeeper, keepGate } from './gatekeeper.ts'
import { makeJailFolder } from './jail-folder.ts'
import { limitedCommand } from './limits/limited-command.ts'
import type { Limiter } from './limits/limiter.ts'
import { plant } from './plant.ts'
import { watchFolders } from './watch-folders.ts'

/** The first process of a jail, as its starter holds it. */
export interface JailProcess {
  pid: number
  /** Its descriptor 3. */
  channel: Duplex
  /** Ends all of it, for a reason that is told. */
  kill(why: string): void
}

/** One process in one jail, from before it is started until nothing is left of it. */
export interface Confinement {
  /** What has to be started, with a pipe as descriptor 3. */
  launch: Pick<Launch, 'command' | 'args' | 'cwd' | 'env'>
  /** Begins to look after the process that was started, and opens its gate. */
  enter(jailed: JailProcess): Gatekeeper
  /** Lets the canaries try the jail, and tells what they saw. */
  prove(gate: Gatekeeper): Promise<Observation[]>
  /** Removes what was made on the host, once nothing is left of the jail. */
  release(): Promise<void>
}

/** Prepares a jail. What is made on the way is removed where that fails. */
export async function confine(driver: SandboxDriver, limiter: Limiter, jail: Jail): Promise<Confinement> {
  const releases: (() => Promise<void>)[] = []
  const release = async () => {
    const failures: unknown[] = []
    // What cannot be removed must not keep the rest.
    for (const undo of releases.splice(0).reverse()) await undo().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  try {
    const folder = await makeJailFolder()
    releases.push(folder.remove)
    const wrapped = await driver.wrap(jail)
    releases.push(wrapped.release)
    const holding = await limiter.hold(jail.limits)
    releases.push(holding.release)
    return {
      launch: { ...wrapped, ...limitedCommand(wrapped, holding, jail.limits) },
      release,
      enter({ pid, channel, kill }) {
        holding.watch(pid, kill)
        const gate = keepGate(channel, jail.doors)
        const [own = [], granted] = [jail.writes.slice(0, 1), jail.writes.slice(1)]
        const watched = { own, granted, pid, mostMebibytes: jail.limits.scratch_mb }
        releases.push(async () => gate.close(), watchFolders(watched, kill))
        return gate
      },
      async prove(gate) {
        const planted = await plant(folder.path)
        try {
          gate.tell({ say: 'prove', plan: planted.plan })
          const { observations } = await gate.hear('proof')
          return planted.correct(observations)
        } finally {
          planted.close()
        }
      },
    }
  } catch (error) {
    await release()
    throw error
  }
}
