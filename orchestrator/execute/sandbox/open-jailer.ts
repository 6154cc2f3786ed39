import { join } from 'node:path'
import { bombProofs } from './bomb-proofs.ts'
import { chooseDriver, type DriverChoice } from './choose-driver.ts'
import type { DriverName } from './driver.ts'
import { allDrivers } from './drivers.ts'
import { removeLeftFolders } from './jail-folder.ts'
import { type Jailer, jailer, type Proof } from './jailer.ts'
import { chooseLimiter } from './limits/choose-limiter.ts'

/** What the configuration says of jails. */
export interface SandboxChoice {
  driver: DriverChoice
  /** The weakest driver that is taken. */
  minimum: DriverName
  /** Whether a manifest may say that its server runs in none: not where somebody wrote down a minimum. */
  none_by_manifest: boolean
}

export interface OpenJailerOptions {
  choice: SandboxChoice
  root: string
  /** REMIT_HOME: what was proved since the machine's last boot is kept there, and no jail sees any of it but its own folder. */
  home: string
  environment: Readonly<Record<string, string | undefined>>
  onProof(proof: Proof): Promise<void>
}

/** Finds out what this machine can confine with. Throws a NoSandboxError where that is less than the configuration takes. */
export async function openJailer({ choice, root, home, environment, onProof }: OpenJailerOptions): Promise<Jailer> {
  const [driver, limiter] = await Promise.all([
    chooseDriver(allDrivers(), choice.driver, choice.minimum),
    chooseLimiter(environment),
    removeLeftFolders(),
  ])
  const { none_by_manifest } = choice
  return jailer({
    driver,
    limiter,
    none_by_manifest,
    bombs: bombProofs(join(home, 'jails.json')),
    root,
    kept: home,
    onProof,
  })
}
