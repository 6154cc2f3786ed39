import type { JailLimits, ServerManifest } from '../../../shared/manifest.ts'
import type { Door } from '../egress/listen.ts'
import type { Launch } from '../launch.ts'
import { attackNames, type Observation } from './attack.ts'
import { confine, type JailProcess } from './confinement.ts'
import type { DriverName, SandboxDriver } from './driver.ts'
import type { DoorInside } from './inside/canary-plan.ts'
import { JailError } from './jail-error.ts'
import { jailOf } from './jail-of.ts'
import { judgeProof, type Verdict } from './judge-proof.ts'
import type { Limiter } from './limits/limiter.ts'
import { noDriver } from './none.ts'

/** What a jail has shown of itself, for the record. */
export type Proof = {
  server: string
  driver: DriverName
  limits: Limiter['name']
} & Verdict

/** One start of a server in a jail. */
export interface JailedStart {
  /** What has to be started, with a pipe as descriptor 3. */
  launch: Pick<Launch, 'command' | 'args' | 'cwd' | 'env'>
  /** Resolves once the jail has proved itself and the server runs in it. Rejects with a {@link JailError} where it must not. */
  admit(jailed: JailProcess): Promise<void>
  /** Removes what was made on the host, once nothing is left of the jail. */
  release(): Promise<void>
}

export interface JailerOptions {
  driver: SandboxDriver
  limiter: Limiter
  /** Whether a server runs without a sandbox where its manifest says so. */
  none_by_manifest: boolean
  /** What became of memory and process bombs under such limits; they are tried in a jail of their own. */
  bombs(driver: SandboxDriver, limiter: Limiter, limits: JailLimits): Promise<Observation[]>
  /** The project's root. */
  root: string
  /** REMIT_HOME. */
  kept: string
  /** Told of each proof before the server runs; what it rejects with keeps the server from running. */
  onProof(proof: Proof): Promise<void>
}

/** Puts each start of a server in a jail: with the command and the environment that the launch has then. */
export type Jailer = (
  server: Pick<ServerManifest, 'name' | 'jail'>,
  place: { dataFolder: string; doors: readonly Door[] },
) => (launch: Launch) => Promise<JailedStart>

export function jailer(options: JailerOptions): Jailer {
  const { driver: chosen, limiter, none_by_manifest, bombs, root, kept, onProof } = options
  return (server, { dataFolder, doors }) => {
    const asksForNone = server.jail?.sandbox === 'none'
    const driver = asksForNone ? noDriver : chosen
    return async (launch) => {
      if (asksForNone && !none_by_manifest)
        throw new JailError('its manifest asks for no sandbox, and sandbox.minimum takes nothing so weak')
      const jail = jailOf(server, launch, doors, { root, kept, dataFolder })
      const refusal = driver.refuses(launch)
      if (refusal !== undefined) throw new JailError(`the sandbox ${driver.name} cannot confine it: ${refusal}`)
      const unnamed = driver.namesDoors ? undefined : doors.find(({ checked }) => checked)?.checked
      if (unnamed) throw new JailError(whyUnnamed(driver, unnamed))
      const confinement = await confine(driver, limiter, jail)
      return {
        launch: confinement.launch,
        release: confinement.release,
        async admit(jailed) {
          const gate = confinement.enter(jailed)
          await gate.hear('ready')
          const [observations, bombed] = await Promise.all([
            confinement.prove(gate),
            bombs(driver, limiter, jail.limits),
          ])
          const claims = [...driver.stops, ...limiter.stops]
          const verdict = judgeProof(claims, [...observations, ...bombed], attackNames)
          await onProof({ server: server.name, driver: driver.name, limits: limiter.name, ...verdict })
          if (verdict.beaten.length > 0) throw new JailError(whyRefused(driver, verdict))
          const { command, args, env } = launch
          gate.tell({ say: 'start', command, args, env, doors: doors.map(doorInside), shared: driver.name === 'none' })
          await gate.hear('listening')
        },
      }
    }
  }
}

function doorInside({ port, checked }: Door): DoorInside {
  return { port, ...(checked && { name: checked.name }) }
}

function whyUnnamed({ name: driver }: SandboxDriver, { slot, name }: NonNullable<Door['checked']>): string {
  return (
    `its ${slot} checks that a certificate is for ${name} (sslmode), and the sandbox ${driver} can give its door no name: ` +
    'choose bwrap or node-permission in sandbox.driver, or write sslmode=require'
  )
}

function whyRefused({ name }: SandboxDriver, { beaten }: Verdict): string {
  const through = beaten.map(({ attack, met }) => `${attack} (${met})`).join(', ')
  return `its jail by ${name} does not hold what it claims to: ${through}`
}
