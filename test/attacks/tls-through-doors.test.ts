import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openBroker } from '../../orchestrator/execute/egress/broker.ts'
import { firstLine, openJailed, workingDrivers } from '../support/jailed.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { selfSigned } from './fixtures/self-signed.ts'

const drivers = await workingDrivers()

test.each(drivers.map((driver) => [driver.name, driver] as const))(
  'a server in a jail by %s speaks TLS with what it may reach, through its proxy and through a door',
  async (_, driver) => {
    const folder = await temporaryFolder('remit-tls-')
    const authority = join(folder.path, 'authority.pem')
    await writeFile(authority, selfSigned.cert)
    const vendor = createServer(selfSigned, (_request, response) => response.end('hello by TLS'))
    vendor.listen(0, '127.0.0.1')
    await once(vendor, 'listening')
    const host = `localhost:${(vendor.address() as AddressInfo).port}`
    const broker = await openBroker({
      server: { endpoints: { MAIL_URL: { description: '', protocol: 'smtp' } }, credentials: {} },
      resolved: { values: { MAIL_URL: `smtps://${host}` }, brokered: {}, secrets: [] },
      hosts: [host],
      loopback: false,
      onStray: () => undefined,
    })
    try {
      await using jailed = await openJailed({
        driver,
        script: 'test/attacks/fixtures/tls-program.ts',
        args: [host, broker.env.MAIL_URL ?? ''],
        dataFolder: folder.path,
        doors: broker.doors,
        // `localhost` stands for a host elsewhere.
        env: { ...broker.env, NO_PROXY: '127.0.0.1', NODE_EXTRA_CA_CERTS: authority },
      })
      const said = JSON.parse((await firstLine(jailed)) ?? 'null')
      expect(said).toEqual({ proxy: 'hello by TLS', door: 'hello by TLS' })
    } finally {
      await broker.close()
      vendor.close()
      await folder.remove()
    }
  },
  120_000,
)
