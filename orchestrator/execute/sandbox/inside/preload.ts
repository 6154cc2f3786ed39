// Stands in the server's own process, where a jail has only one: tries the canaries and builds the tunnel before the server's
// first line runs.
import { Socket } from 'node:net'
import { dropBomb } from './bomb.ts'
import type { FromEntrance, ToEntrance } from './canary-plan.ts'
import { openChannel } from './channel.ts'
import { tryCanaries } from './try-canaries.ts'
import { tunnelDoors } from './tunnel.ts'

const channelDescriptor = 3
const started = Promise.withResolvers<void>()
const socket = new Socket({ fd: channelDescriptor })
const channel = openChannel(socket, {
  onMessage: (message) => {
    obey(message as ToEntrance).catch((error: unknown) => tell({ say: 'failed', why: String(error) }))
  },
  // Nobody is left to answer to.
  onClose: () => process.exit(1),
})

function tell(message: FromEntrance): void {
  channel.send(message)
}

async function obey(message: ToEntrance): Promise<void> {
  if (message.say === 'prove') tell({ say: 'proof', observations: await tryCanaries(message.plan) })
  else if (message.say === 'bomb') await dropBomb(message, (amount) => tell({ say: 'reached', amount }))
  else {
    tunnelDoors(message.doors, channel, socket)
    tell({ say: 'listening' })
    started.resolve()
  }
}

tell({ say: 'ready' })
await started.promise
// The server's end is when it has nothing more to do, not when its channel closes.
socket.unref()
