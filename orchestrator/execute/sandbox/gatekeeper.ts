import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Door } from '../egress/listen.ts'
import type { FromEntrance, ToEntrance } from './inside/canary-plan.ts'
import { openChannel } from './inside/channel.ts'
import { joinStreams } from './inside/join-streams.ts'
import { JailError } from './jail-error.ts'

/** Who stands at a jail's entrance takes this long at most for each answer, on a machine that is busy. */
const patienceMs = 30_000

/** The host's end of a jail's channel. */
export interface Gatekeeper {
  /** Resolves with the next answer of that kind. Rejects with a {@link JailError} where the jail fails, ends or says nothing. */
  hear<Say extends FromEntrance['say']>(say: Say): Promise<Extract<FromEntrance, { say: Say }>>
  tell(message: ToEntrance): void
  /** True once nothing can come any more. */
  closed(): boolean
  close(): void
}

/** Speaks with the entrance of a jail, and lets what is inside reach its doors and nothing else. */
export function keepGate(socket: Duplex, doors: readonly Door[]): Gatekeeper {
  const sockets = new Map(doors.map(({ port, socket }) => [port, socket]))
  const heard: FromEntrance[] = []
  let wake = Promise.withResolvers<void>()
  let listening = true
  let over = false
  const stir = () => {
    wake.resolve()
    wake = Promise.withResolvers<void>()
  }
  const channel = openChannel(socket, {
    onMessage(message) {
      // What is said after the server runs may come from the server.
      if (!listening) return
      const said = message as FromEntrance
      if (said.say === 'listening' || said.say === 'failed') listening = false
      heard.push(said)
      stir()
    },
    onStream(port, stream) {
      const path = sockets.get(port)
      if (path === undefined) stream.destroy()
      else joinStreams(stream, connect({ path, allowHalfOpen: true }))
    },
    onClose() {
      over = true
      stir()
    },
  })
  async function hear<Say extends FromEntrance['say']>(say: Say): Promise<Extract<FromEntrance, { say: Say }>> {
    const impatience = new AbortController()
    const tooLate = sleep(patienceMs, 'too late', { signal: impatience.signal, ref: false }).catch(() => undefined)
    try {
      for (;;) {
        const next = heard.shift()
        if (next?.say === say) return next as Extract<FromEntrance, { say: Say }>
        if (next?.say === 'failed') throw new JailError(`its jail failed: ${next.why}`)
        if (next) throw new JailError(`its jail answered "${next.say}" where "${say}" was due`)
        if (over) throw new JailError('its jail ended at the entrance')
        if ((await Promise.race([wake.promise, tooLate])) === 'too late')
          throw new JailError(`its jail did not say "${say}" within ${patienceMs / 1_000} s`)
      }
    } finally {
      impatience.abort()
    }
  }
  return { hear, tell: (message) => channel.send(message), closed: () => over, close: () => channel.close() }
}
