import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { type EmulatorReady, emulatorReadySchema } from '../../shared/capability/call-meta.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { Home } from '../home/home.ts'
import type { Membership, ServiceRecipe } from '../home/shared-process.ts'
import { startDetached } from '../home/start-detached.ts'
import { systemEnvironment } from './launch.ts'

const answerMs = 3_000

/** An emulator that runs, and what it was started by. */
export type StartedEmulator = EmulatorReady & { command: string[] }

/**
 * Makes sure that the emulator of a server's vendor runs, once for all commands on this home, and says where it listens and
 * which credentials it takes. It is a process of its own: the server under test cannot tell it from the vendor. One that was
 * started by another command than the manifest's is replaced.
 */
export async function ensureEmulator(
  membership: Membership,
  home: Home,
  server: ServerManifest,
  root: string,
): Promise<StartedEmulator> {
  const recipe = recipeOf(server, home, root)
  return membership.ensure(serviceName(server.name), {
    ...recipe,
    isHealthy: async (info) => isDeepStrictEqual(info.command, server.emulator?.command) && recipe.isHealthy(info),
  })
}

/**
 * Starts an emulator that died again; undefined where it was stopped in order. One that runs is left alone whatever it was
 * started by: for whoever knows the manifest better.
 */
export async function reviveEmulator(
  membership: Membership,
  home: Home,
  server: ServerManifest,
  root: string,
): Promise<StartedEmulator | undefined> {
  return membership.revive(serviceName(server.name), recipeOf(server, home, root))
}

/** This command needs the emulator of a server no more; the last that does so ends it. */
export async function releaseEmulator(membership: Membership, server: string): Promise<void> {
  return membership.release(serviceName(server))
}

function serviceName(server: string): string {
  return `emulator-${server}`
}

function recipeOf(server: ServerManifest, home: Home, root: string): ServiceRecipe<StartedEmulator> {
  const { emulator } = server
  if (!emulator) throw new TypeError(`${server.name} has no emulator: its manifest names none`)
  const [program = 'node', ...args] = emulator.command
  return {
    start: (spawned) =>
      startDetached({
        name: `the emulator of ${emulator.vendor}`,
        command: program === 'node' ? process.execPath : program,
        args,
        cwd: root,
        env: { ...systemEnvironment(), REMIT_EMULATOR_DATA: home.emulatorFolder(server.name) },
        log: join(home.logs, `${serviceName(server.name)}.log`),
        ready: (line) => ({ ...emulatorReadySchema.parse(JSON.parse(line)), command: emulator.command }),
        spawned,
      }),
    isHealthy: async ({ control }) => {
      const reply = await fetch(controlUrl(control, 'state'), { signal: AbortSignal.timeout(answerMs) }).catch(
        () => undefined,
      )
      await reply?.body?.cancel()
      return reply?.ok ?? false
    },
  }
}

/** Another command's rehearsal is under way on the emulator: it has one bad day at a time. */
export class FaultInForceError extends Error {
  override readonly name = 'FaultInForceError'
}

/** Lets an emulator misbehave in a named way, for one command. Throws {@link FaultInForceError} where it does so for another. */
export async function armFault(control: string, mode: string, by: string): Promise<void> {
  const { status, text } = await tell(control, { mode, by })
  if (status === 409) {
    const other = faultSchema.parse(JSON.parse(text))
    throw new FaultInForceError(
      `another command on this REMIT_HOME rehearses ${other.mode} there; wait for its end, or give this one a REMIT_HOME of its own`,
    )
  }
  if (status !== 200) throw new Error(`the emulator refused the fault ${mode} (${status}): ${text.slice(0, 500)}`)
}

/** Lets an emulator behave again, where the fault in force is the command's own. */
export async function clearFault(control: string, by: string): Promise<void> {
  await tell(control, { mode: null, by })
}

/** Clears the fault of a command that was killed before it could. */
export async function clearAbandonedFault(control: string, membership: Membership): Promise<void> {
  const reply = await fetch(controlUrl(control, 'faults'), { signal: AbortSignal.timeout(answerMs) })
  const { by } = faultSchema.parse(await reply.json().catch(() => undefined))
  if (by === undefined) return
  const { commands } = await membership.status()
  if (!commands.some(({ id }) => id === by)) await clearFault(control, by)
}

/** An emulator that knows no faults says nothing of the kind. */
const faultSchema = z
  .object({ mode: z.string().nullable().default(null), by: z.string().optional() })
  .catch({ mode: null })

async function tell(
  control: string,
  body: { mode: string | null; by: string },
): Promise<{ status: number; text: string }> {
  const reply = await fetch(controlUrl(control, 'faults'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(answerMs),
  })
  return { status: reply.status, text: await reply.text() }
}

/** The base URL may have a path of its own. */
function controlUrl(control: string, route: 'state' | 'faults'): string {
  return `${control.replace(/\/$/, '')}/${route}`
}
