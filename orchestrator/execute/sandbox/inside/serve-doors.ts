import { once } from 'node:events'
import { createServer } from 'node:net'
import type { DoorInside } from './canary-plan.ts'
import type { Channel } from './channel.ts'
import { joinStreams } from './join-streams.ts'
import { peerUser } from './peer-user.ts'

/**
 * Listens on each door's port inside the jail, and passes on what arrives there over the channel. On a machine's own ports
 * another user's processes are turned away, where the system says whose they are.
 */
export async function serveDoors(
  { doors, shared }: { doors: readonly DoorInside[]; shared: boolean },
  channel: Channel,
): Promise<void> {
  const guarded = shared && process.platform === 'linux'
  await Promise.all(
    doors.map(async ({ port }) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, async (connection) => {
        connection.on('error', () => connection.destroy())
        if (guarded && (await peerUser(connection)) !== process.getuid?.()) connection.destroy()
        if (!connection.destroyed) joinStreams(connection, channel.open(port))
      })
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    }),
  )
}
