import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { JailLimits } from '../../../shared/manifest.ts'
import { systemEnvironment } from '../launch.ts'
import { type ServerProcess, startServerProcess } from '../server-process.ts'
import type { Observation } from './attack.ts'
import { type Confinement, confine } from './confinement.ts'
import type { SandboxDriver } from './driver.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import { JailError } from './jail-error.ts'
import { makeJailFolder } from './jail-folder.ts'
import type { Limiter } from './limits/limiter.ts'

const leaveMs = 1_000

/** What a jail is made of. */
export interface JailKind {
  driver: SandboxDriver
  limiter: Limiter
  limits: JailLimits
}

/** A jail in which no server is started: only what stands at its entrance is there. */
export interface EmptyJail {
  gate: Gatekeeper
  /** Lets the canaries try it. */
  prove(): Promise<Observation[]>
  /** Why it was ended, where its limits said so. */
  ended(): string | undefined
}

/** Opens a jail to see what it holds, and takes it away again. */
export async function inEmptyJail<Seen>(
  { driver, limiter, limits }: JailKind,
  look: (jail: EmptyJail) => Promise<Seen>,
): Promise<Seen> {
  const folder = await makeJailFolder()
  try {
    const own = join(folder.path, 'own')
    await mkdir(own)
    // Without a script Node would first wait for one on stdin.
    const launch = { command: process.execPath, args: ['--eval', ''], cwd: '/', env: systemEnvironment(), secrets: [] }
    const confinement = await confine(driver, limiter, { launch, reads: [], writes: [own], doors: [], limits })
    try {
      const jailed = startServerProcess({ ...confinement.launch, channel: true }, leaveMs)
      try {
        return await look(await enter(confinement, jailed))
      } finally {
        jailed.kill()
        await jailed.gone
      }
    } finally {
      await confinement.release()
    }
  } finally {
    await folder.remove()
  }
}

async function enter(confinement: Confinement, jailed: ServerProcess): Promise<EmptyJail> {
  const { pid, channel } = jailed
  for (const stream of [jailed.stdin, jailed.stdout, jailed.stderr]) stream.on('error', () => {})
  jailed.stdout.resume()
  let words = ''
  jailed.stderr.on('data', (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-500)
  })
  if (!channel || pid === undefined) throw new JailError('its jail could not be started')
  let ended: string | undefined
  const gate = confinement.enter({
    pid,
    channel,
    kill(why) {
      ended = why
      jailed.kill()
    },
  })
  await gate.hear('ready').catch((error: unknown) => {
    const last = words.trim().split('\n').at(-1)
    throw error instanceof JailError && last ? new JailError(`${error.message}: ${last}`) : error
  })
  return { gate, prove: () => confinement.prove(gate), ended: () => ended }
}
