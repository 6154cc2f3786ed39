import { chmodSync, mkdirSync } from 'node:fs'
import { type EmulatorReady, emulatorReadySchema } from './call-meta.ts'
import { reserveStdout } from './reserve-stdout.ts'

export type { EmulatorReady } from './call-meta.ts'
export { type Faults, faultRoutes, openFaults } from './emulator-faults.ts'
export { openStore, type Store } from './json-store.ts'
export { dropConnection, type EmulatorBindings, listenHttp } from './listen-http.ts'
export { listenSteadily } from './listen-steadily.ts'

/** An emulator that listens: where, with which credentials, and how to end it. */
export interface RunningEmulator extends EmulatorReady {
  close(): Promise<void> | void
}

/** What stands in for a vendor; `dataFolder` is its own (0700) and survives restarts. */
export interface Emulator {
  start(dataFolder: string): Promise<RunningEmulator> | RunningEmulator
}

/** A client that keeps its connection open must not keep the emulator. */
const longestGoodbyeMs = 1_000

/**
 * Runs an emulator as this process: starts it in the folder that `REMIT_EMULATOR_DATA` names, says in one JSON line on
 * stdout where it listens, and ends it on SIGTERM or SIGINT.
 */
export async function runEmulator(emulator: Emulator): Promise<void> {
  const writeReady = reserveStdout()
  const dataFolder = process.env.REMIT_EMULATOR_DATA
  if (!dataFolder) {
    process.stderr.write('REMIT_EMULATOR_DATA is not set: it names the folder that the emulator keeps its state in\n')
    process.exit(2)
  }
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  chmodSync(dataFolder, 0o700)

  const { close, ...ready } = await emulator.start(dataFolder)
  let closing = false
  const stop = async (): Promise<void> => {
    if (closing) return
    closing = true
    setTimeout(() => process.exit(0), longestGoodbyeMs)
    await close()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  writeReady.write(`${JSON.stringify(emulatorReadySchema.parse(ready))}\n`)
}
