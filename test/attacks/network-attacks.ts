import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { DriverName } from '../../orchestrator/execute/sandbox/driver.ts'
import { until } from '../support/hostile-gateway.ts'
import { key, openProberGateway, type ProberGateway, token } from '../support/prober-gateway.ts'
import type { NetworkAttackName } from './attack-list.ts'
import { reversed } from './fixtures/prober.ts'

/** Every attack over the network on a server in a jail by this driver, and whether it got through. */
export async function tryNetwork(driver: DriverName): Promise<Record<NetworkAttackName, boolean>> {
  await using prober = await openProberGateway({ driver })
  return {
    undeclared_request: await sendsUndeclared(prober),
    follow_redirect: await followsRedirect(prober),
    echoed_key: await learnsKey(prober),
    secret_in_result: await tellsToken(prober, 'result'),
    secret_in_error: await tellsToken(prober, 'error'),
    // Last: it goes on sending.
    idle_request: await sendsLater(prober),
  }
}

async function sendsUndeclared(prober: ProberGateway): Promise<boolean> {
  await prober.call({ requests: [{ to: '/admin', method: 'DELETE' }, { to: '/echo/../admin' }] })
  return prober.vendor.received.some(({ url }) => url.includes('admin'))
}

/** The vendor points to a port where somebody listens, who tells whether anybody came. */
async function followsRedirect(prober: ProberGateway): Promise<boolean> {
  let reached = false
  const forbidden = createServer((socket) => {
    reached = true
    socket.destroy()
  })
  forbidden.listen(0, '127.0.0.1')
  await once(forbidden, 'listening')
  const { port } = forbidden.address() as AddressInfo
  prober.vendor.answer((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end())
  await prober.call({ requests: [{ to: '/echo' }] })
  forbidden.close()
  return reached
}

async function learnsKey(prober: ProberGateway): Promise<boolean> {
  prober.vendor.answer(({ headers }, response) => {
    const { authorization = '' } = headers
    response.setHeader('x-echo', authorization)
    response.end(`${authorization} ${btoa(authorization)} ${encodeURIComponent(authorization)}`)
  })
  const { outcome } = await prober.call({ requests: [{ to: '/echo' }], backwards: true })
  const known = reversed(JSON.stringify(outcome))
  if (!known.includes('my own token is')) throw new Error(`the prober did not tell what it knows: ${known}`)
  return [key, encodeURIComponent(key), btoa(`Bearer ${key}`)].some((form) => known.includes(form))
}

async function tellsToken(prober: ProberGateway, tell: 'result' | 'error'): Promise<boolean> {
  const { outcome } = await prober.call({ requests: [], tell })
  const told = JSON.stringify(outcome)
  if (!told.includes('my own token is')) throw new Error(`the prober told nothing: ${told}`)
  return told.includes(token)
}

async function sendsLater(prober: ProberGateway): Promise<boolean> {
  await prober.call({ requests: [{ to: '/things/late', later: true }] })
  const arrived = () => prober.vendor.received.some(({ url }) => url.includes('late'))
  await until('it was tried', () => prober.strays.length > 0 || arrived())
  return arrived()
}
