import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EmulatorReady } from '../../shared/capability/call-meta.ts'

/** How long nothing is tried after a line to an emulator broke: one that was closed for being idle is only opened again. */
const pauseMs = 500

/**
 * Keeps a line open to an emulator, and has the emulator started again whenever that breaks, until the signal aborts. It
 * comes back on its own port unless that was taken meanwhile; then servers find it when they are started next.
 */
export async function watchEmulator(
  emulator: EmulatorReady,
  revive: () => Promise<EmulatorReady | undefined>,
  signal: AbortSignal,
): Promise<void> {
  let { control } = emulator
  while (!signal.aborted) {
    await untilCut(control, signal)
    if (signal.aborted) return
    // One that does not come up now is tried again: its vendor's calls fail as long, and say so.
    const revived = await revive().catch(() => undefined)
    control = revived?.control ?? control
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {})
  }
}

/** Resolves once nothing listens at the URL any more, as far as an open connection tells, or the signal aborts. */
function untilCut(url: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const line = connect({ host: hostname, port: Number(port) }).unref()
    const hangUp = () => line.destroy()
    signal.addEventListener('abort', hangUp, { once: true })
    // What cut the line is for the one who looks after the emulator to find out.
    line.on('error', () => {})
    line.resume()
    line.once('close', () => {
      signal.removeEventListener('abort', hangUp)
      resolve()
    })
  })
}
