import type { EmulatorReady } from '../shared/capability/call-meta.ts'
import type { ServerManifest } from '../shared/manifest.ts'
import { InputError, type OpenOptions } from './cli/remit.ts'
import type { Config } from './config.ts'
import {
  armFault,
  clearAbandonedFault,
  clearFault,
  ensureEmulator,
  FaultInForceError,
  releaseEmulator,
  reviveEmulator,
} from './execute/emulators.ts'
import { watchEmulator } from './execute/watch-emulator.ts'
import type { Home } from './home/home.ts'
import type { Membership } from './home/shared-process.ts'
import type { Catalogue } from './model/catalogue.ts'

/** Server → mode of its fault. */
export type Faults = Readonly<Record<string, string>>

/** The vendors' stand-ins that one command uses. All commands on the home share them. */
export interface KeptEmulators {
  /** The one of a server, as its manifest has it by now: brought up where it does not run so, and again whenever it dies. */
  of(server: ServerManifest): Promise<EmulatorReady>
  /**
   * Lets go of those that no server stands on any more, each once nothing is left of what used it: `gone` says when. The
   * catalogue is asked again then, for the server may be back.
   */
  letGo(catalogue: Pick<Catalogue, 'servers'>, gone: (server: string) => Promise<void>): Promise<void>
  /** Leaves them alone from now on, and clears the command's own faults: a bad day is over when who wanted it ends. */
  close(): Promise<void>
}

/** Brings up the vendors' stand-ins of a catalogue, with the faults that were asked for, and looks after them. */
export async function keepEmulators(
  config: Config,
  { servers }: Pick<Catalogue, 'servers'>,
  { home, membership }: { home: Home; membership: Membership },
  faults: Faults,
  options: Pick<OpenOptions, 'onStarting' | 'onStarted'>,
): Promise<KeptEmulators> {
  const { root } = config
  const armed: string[] = []
  /** Server → what ends the look after its emulator. */
  const watches = new Map<string, AbortController>()

  const isEmulated = (server: ServerManifest | undefined) =>
    config.mode === 'emulated' && server?.emulator !== undefined && config.servers[server.name]?.url === undefined

  async function of(server: ServerManifest): Promise<EmulatorReady> {
    const before = watches.get(server.name)
    before?.abort()
    const over = new AbortController()
    watches.set(server.name, over)
    const emulator = await ensureEmulator(membership, home, server, root)
    // Whoever asked later, or let go of it, knows the manifest better.
    if (over.signal.aborted) return emulator
    void watchEmulator(emulator, () => reviveEmulator(membership, home, server, root), over.signal)
    if (!before) await clearAbandonedFault(emulator.control, membership)
    return emulator
  }

  async function prepare(server: ServerManifest): Promise<void> {
    const { control } = await of(server)
    const fault = faults[server.name]
    if (fault === undefined) return
    await armFault(control, fault, membership.id).catch((error: unknown) => {
      if (!(error instanceof FaultInForceError)) throw error
      throw new InputError(`--fault ${server.name}=${fault}: ${error.message}`)
    })
    armed.push(control)
  }

  async function close(): Promise<void> {
    for (const over of watches.values()) over.abort()
    await Promise.allSettled(armed.map((control) => clearFault(control, membership.id)))
  }

  const emulated = [...servers.values()].filter(isEmulated)
  if (emulated.length > 0) {
    options.onStarting?.('emulators')
    const prepared = await Promise.allSettled(emulated.map(prepare))
    const failed = prepared.find((each) => each.status === 'rejected')
    if (failed) {
      await close()
      throw failed.reason
    }
    options.onStarted?.('emulators')
  }
  return {
    of,
    async letGo(catalogue, gone) {
      const isUnused = (name: string) => watches.has(name) && !isEmulated(catalogue.servers.get(name))
      const unused = [...watches.keys()].filter(isUnused)
      await Promise.all(
        unused.map(async (name) => {
          await gone(name)
          if (!isUnused(name)) return
          watches.get(name)?.abort()
          watches.delete(name)
          await releaseEmulator(membership, name)
        }),
      )
    },
    close,
  }
}
