import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDoor } from '../../orchestrator/execute/egress/listen.ts'
import type { SandboxDriver } from '../../orchestrator/execute/sandbox/driver.ts'
import { noDriver } from '../../orchestrator/execute/sandbox/none.ts'
import { firstLine, openJailed, workingDrivers } from '../support/jailed.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const execute = promisify(execFile)
const patienceMs = 120_000
const drivers = await workingDrivers()
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder('remit-doors-')
})

afterAll(async () => {
  await folder.remove()
})

const urlOf = (server: { address(): unknown }) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/echo') request.pipe(response)
  else response.end('hello')
}

test.each(drivers.filter(({ name }) => name !== 'none').map((driver) => [driver.name, driver] as const))(
  'a server in a jail by %s reaches its endpoint through the door, whatever client it uses, and no other port',
  async (_, driver: SandboxDriver) => {
    const other = createTcpServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const vendor = () => createServer(answer)
    const door = await openDoor(vendor, { folder: folder.path, name: driver.name, loopback: false })
    try {
      const ports = [String(door.port), new URL(urlOf(other)).port]
      const script = 'test/attacks/fixtures/door-program.ts'
      await using jailed = await openJailed({ driver, script, args: ports, dataFolder: folder.path, doors: [door] })
      expect(JSON.parse((await firstLine(jailed)) ?? 'null')).toEqual({
        fetch: 0,
        http: 1,
        socket: 'hello',
        elsewhere: 'refused',
      })
    } finally {
      door.close()
      other.close()
    }
  },
  patienceMs,
)

test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'without a sandbox, whose doors are ports of the machine, they open to no other user of it',
  async () => {
    let reached = 0
    const relay = () =>
      createTcpServer((socket) => {
        reached += 1
        socket.end('hello')
      })
    const door = await openDoor(relay, { folder: folder.path, name: 'shared', loopback: false })
    try {
      const script = 'test/attacks/fixtures/lasting-program.ts'
      await using _ = await openJailed({ driver: noDriver, script, dataFolder: folder.path, doors: [door] })
      const knock = async (id: number) => {
        const { stdout } = await execute(
          'bash',
          ['-c', `exec 3<>/dev/tcp/127.0.0.1/${door.port}; cat <&3 2>/dev/null || true`],
          {
            uid: id,
            gid: id,
            cwd: '/',
          },
        )
        return stdout
      }
      expect([await knock(0), reached]).toEqual(['hello', 1])
      expect([await knock(65_534), reached]).toEqual(['', 1])
    } finally {
      door.close()
    }
  },
  patienceMs,
)

test('a jail that does not hold what its driver claims to is refused, and nothing of the server runs', async () => {
  const boastful: SandboxDriver = { ...noDriver, stops: ['read_files'] }
  const script = 'test/attacks/fixtures/bomb-program.ts'
  const own = await mkdtemp(join(folder.path, 'own-'))
  const refused = openJailed({ driver: boastful, script, args: ['disk_bomb', '4'], dataFolder: own })
  await expect(refused).rejects.toMatchObject({
    cause: { message: expect.stringContaining('does not hold what it claims to: read_files') },
  })
  expect(await readdir(own)).toEqual([])
}, 60_000)

test('a jail that proved itself says so, with what nobody claims to stop', async () => {
  const driver = drivers.at(-1) as SandboxDriver
  const script = 'test/attacks/fixtures/lasting-program.ts'
  await using jailed = await openJailed({ driver, script, dataFolder: folder.path })
  expect(jailed.proof).toMatchObject({ server: 'jailed', driver: driver.name, beaten: [] })
  expect([...jailed.proof.held, ...jailed.proof.gaps]).toHaveLength(8)
}, 60_000)
