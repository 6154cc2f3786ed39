import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ownIdentity } from '../../home/process-identity.ts'
import type { Observation } from './attack.ts'
import type { CanaryPlan } from './inside/canary-plan.ts'

/** What a jail's canaries go for, on the host. */
export interface Planted {
  plan: CanaryPlan
  /** What the host saw itself; it weighs more than what was said inside. */
  correct(observations: readonly Observation[]): Observation[]
  close(): void
}

/** Puts a file and a listener where a jail must not get at them; in a folder that goes with the jail. */
export async function plant(folder: string): Promise<Planted> {
  const file = join(folder, 'planted')
  const unwritten = join(folder, 'unwritten')
  await writeFile(file, randomBytes(16), { mode: 0o600 })
  let reached = false
  const listener = createServer((connection) => {
    reached = true
    connection.destroy()
  })
  listener.unref().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return {
    plan: { file, unwritten, port, parent: ownIdentity() },
    correct: (observations) =>
      observations.map((observation) => {
        const { attack } = observation
        if (attack === 'write_files') return { ...observation, held: !existsSync(unwritten) }
        if (attack === 'reach_loopback') return { ...observation, held: !reached && observation.held }
        return observation
      }),
    close: () => listener.close(),
  }
}
