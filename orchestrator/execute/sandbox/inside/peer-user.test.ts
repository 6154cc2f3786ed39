import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { peerUser, userIn } from './peer-user.ts'

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0100007F:C350 0100007F:1538 01 00000000:00000000 00:00000000 00000000  1001        0 2 1 0
   2: 0100007F:1538 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0
   3: 0000000000000000FFFF00000100007F:C351 0000000000000000FFFF00000100007F:1538 01 0:0 00:0 0  1002        0 4 1 0`

test('tells whose end of a connection it is, and of none that is not there', () => {
  expect(userIn(table, { from: 0xc350, to: 0x1538 })).toBe(1001)
  expect(userIn(table, { from: 0xc351, to: 0x1538 })).toBe(1002)
  expect(userIn(table, { from: 0xc352, to: 0x1538 })).toBeUndefined()
  expect(userIn('', { from: 1, to: 2 })).toBeUndefined()
})

test.runIf(process.platform === 'linux').each(['127.0.0.1', '::ffff:127.0.0.1'])(
  'finds our own connection from %s',
  async (host) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const near = connect((server.address() as AddressInfo).port, host)
    const [far] = (await once(server, 'connection')) as [Socket]
    expect(await peerUser(far)).toBe(process.getuid?.())
    near.destroy()
    server.close()
  },
)
