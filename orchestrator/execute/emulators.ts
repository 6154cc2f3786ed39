import { join } from 'node:path'
import { type EmulatorReady, emulatorReadySchema } from '../../shared/capability/call-meta.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import type { Home } from '../home/home.ts'
import type { Membership } from '../home/shared-process.ts'
import { startDetached } from '../home/start-detached.ts'
import { systemEnvironment } from './launch.ts'

const answerMs = 3_000

/**
 * Makes sure that the emulator of a server's vendor runs, once for all commands on this home, and says where it listens and
 * which credentials it takes. It is a process of its own: the server under test cannot tell it from the vendor.
 */
export async function ensureEmulator(
  membership: Membership,
  home: Home,
  server: ServerManifest,
  root: string,
): Promise<EmulatorReady> {
  const { emulator } = server
  if (!emulator) throw new TypeError(`${server.name} has no emulator: its manifest names none`)
  const name = `emulator-${server.name}`
  const [program = 'node', ...args] = emulator.command
  return membership.ensure<EmulatorReady>(name, {
    start: (spawned) =>
      startDetached({
        name: `the emulator of ${emulator.vendor}`,
        command: program === 'node' ? process.execPath : program,
        args,
        cwd: root,
        env: { ...systemEnvironment(), REMIT_EMULATOR_DATA: home.emulatorFolder(server.name) },
        log: join(home.logs, `${name}.log`),
        ready: (line) => emulatorReadySchema.parse(JSON.parse(line)),
        spawned,
      }),
    isHealthy: async ({ control }) => {
      const reply = await fetch(controlUrl(control, 'state'), { signal: AbortSignal.timeout(answerMs) }).catch(
        () => undefined,
      )
      await reply?.body?.cancel()
      return reply?.ok ?? false
    },
  })
}

/** Tells an emulator to misbehave in a named way, or with `null` to behave again. Throws with the emulator's own words on a mode it does not know. */
export async function setFault(control: string, mode: string | null): Promise<void> {
  const reply = await fetch(controlUrl(control, 'faults'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mode }),
    signal: AbortSignal.timeout(answerMs),
  })
  const said = await reply.text()
  if (!reply.ok)
    throw new Error(`the emulator refused the fault ${JSON.stringify(mode)} (${reply.status}): ${said.slice(0, 500)}`)
}

/** The base URL may have a path of its own. */
function controlUrl(control: string, route: 'state' | 'faults'): string {
  return `${control.replace(/\/$/, '')}/${route}`
}
