import { jailSchema } from '../../../shared/manifest.ts'
import { attackNames } from './attack.ts'
import type { DriverName } from './driver.ts'
import { allDrivers } from './drivers.ts'
import { dropBombs } from './drop-bombs.ts'
import { inEmptyJail, type JailKind } from './empty-jail.ts'
import { JailError } from './jail-error.ts'
import { judgeProof, type Verdict } from './judge-proof.ts'
import { chooseLimiter } from './limits/choose-limiter.ts'
import type { Limiter } from './limits/limiter.ts'

/** What one driver does on this machine. */
export type Surveyed = { driver: DriverName } & (
  | { works: true; verdict: Verdict }
  | { works: false; why: string; advice: string }
)

/** What this machine can confine with. */
export interface Survey {
  limits: Pick<Limiter, 'name' | 'limitsCpu'>
  /** Strongest first; none is not among them. */
  drivers: Surveyed[]
}

/** Tries every driver with the limits that a manifest grants by default, in jails in which no server is started. */
export async function surveySandboxes(environment: Readonly<Record<string, string | undefined>>): Promise<Survey> {
  const limiter = await chooseLimiter(environment)
  const { read: _read, write: _write, sandbox: _sandbox, ...limits } = jailSchema.parse({})
  const drivers: Surveyed[] = []
  // One after the other: bombs of several at once would be felt.
  for (const driver of allDrivers().toReversed()) {
    if (driver.name !== 'none') drivers.push(await survey({ driver, limiter, limits }))
  }
  return { limits: limiter, drivers }
}

async function survey(kind: JailKind): Promise<Surveyed> {
  const { driver, limiter } = kind
  const found = await driver.available()
  if (!found.works) return { driver: driver.name, ...found }
  try {
    const tried = await inEmptyJail(kind, (jail) => jail.prove())
    const verdict = judgeProof([...driver.stops, ...limiter.stops], [...tried, ...(await dropBombs(kind))], attackNames)
    return { driver: driver.name, works: true, verdict }
  } catch (error) {
    if (!(error instanceof JailError)) throw error
    return { driver: driver.name, works: false, why: error.message, advice: 'choose another in sandbox.driver' }
  }
}
