import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { callsInFlight } from '../../orchestrator/execute/egress/calls-in-flight.ts'
import { openDoor } from '../../orchestrator/execute/egress/listen.ts'
import { relayDoor } from '../../orchestrator/execute/egress/relay-door.ts'
import type { SandboxDriver } from '../../orchestrator/execute/sandbox/driver.ts'
import { behindTls } from '../support/behind-tls.ts'
import { firstLine, openJailed, workingDrivers } from '../support/jailed.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { namedCertificate, selfSigned } from './fixtures/self-signed.ts'

const patienceMs = 120_000
const name = 'db.remit.example'
const drivers = await workingDrivers()
let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder('remit-verified-')
})
afterAll(() => folder.remove())

/** What a server in such a jail gets of the database, which it asks for by a name that leads nowhere else. */
async function answerIn(driver: SandboxDriver, certificate: { key: string; cert: string }): Promise<unknown> {
  const database = await behindTls(inject('databaseUrl'), certificate)
  const { port } = database.address() as AddressInfo
  const calls = callsInFlight({ now: () => 0, clean: (text) => text, onStray: () => undefined })
  const place = { endpoint: 'DATABASE_URL', protocol: 'postgres', hostname: '127.0.0.1', port, calls } as const
  const door = await openDoor(relayDoor(place), { folder: folder.path, name: driver.name, loopback: false })
  const url = new URL(inject('databaseUrl'))
  url.hostname = name
  url.port = String(door.port)
  try {
    await using jailed = await openJailed({
      driver,
      script: 'test/attacks/fixtures/verify-program.ts',
      args: [url.href, certificate.cert],
      dataFolder: folder.path,
      doors: [{ ...door, checked: { slot: 'DATABASE_URL', name } }],
    })
    return JSON.parse((await firstLine(jailed)) ?? 'null')
  } finally {
    door.close()
    database.close()
  }
}

describe.each(drivers.map((driver) => [driver.name, driver] as const))('in a jail by %s', (driverName, driver) => {
  test.runIf(driver.namesDoors)(
    'a server checks the certificate of its database by the name in its URL',
    async () => {
      expect(await answerIn(driver, namedCertificate)).toEqual({ answer: 42 })
      expect(await answerIn(driver, selfSigned)).toEqual({ failed: expect.stringContaining('does not match') })
    },
    patienceMs,
  )

  test.skipIf(driver.namesDoors)(
    'a server whose database has to be checked by name is not started, and told what would be right',
    async () => {
      await expect(answerIn(driver, namedCertificate)).rejects.toThrow(
        `its DATABASE_URL checks that a certificate is for ${name} (sslmode), and the sandbox ${driverName} can give its door no name: ` +
          'choose bwrap or node-permission in sandbox.driver, or write sslmode=require',
      )
    },
    patienceMs,
  )
})
