import { once } from 'node:events'
import { createServer } from 'node:net'
import type { DoorInside } from './canary-plan.ts'
import type { Channel } from './channel.ts'
import { joinStreams } from './join-streams.ts'

/** Listens on each door's port inside the jail, and passes on what arrives there over the channel. */
export async function serveDoors(doors: readonly DoorInside[], channel: Channel): Promise<void> {
  await Promise.all(
    doors.map(async ({ port }) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (connection) =>
        joinStreams(connection, channel.open(port)),
      )
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    }),
  )
}
