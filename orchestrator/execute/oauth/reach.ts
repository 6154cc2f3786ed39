import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { isLoopback } from '../../../shared/capability/loopback.ts'

/** How far away an address is: on this machine, in a network that the world does not reach, or anywhere. */
export type Reach = 'machine' | 'network' | 'world'

const order: readonly Reach[] = ['machine', 'network', 'world']

/** True where `one` is nearer than `other`. */
export function isNearer(one: Reach, other: Reach): boolean {
  return order.indexOf(one) < order.indexOf(other)
}

/** The nearest of them; at least one is needed. */
export function nearestOf(reaches: readonly Reach[]): Reach {
  return order.find((reach) => reaches.includes(reach)) ?? 'machine'
}

/** The addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

export const resolveByDns: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address)

/** How far away a host of a URL is: as near as the nearest of its addresses. Rejects where it has none. */
export async function reachOf(hostname: string, resolve: Resolve): Promise<Reach> {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (isLoopback(bare)) return 'machine'
  return nearestOf((isIP(bare) ? [bare] : await resolve(bare)).map(reachOfAddress))
}

/** How far away an IP address is, by the registries of special-purpose addresses (RFC 6890). */
export function reachOfAddress(address: string): Reach {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (machine.check(address, family)) return 'machine'
  return network.check(address, family) ? 'network' : 'world'
}

const machine = blockList('127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128')
const network = blockList(
  ...['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.168.0.0/16'],
  ...['198.18.0.0/15', '224.0.0.0/3', '64:ff9b::/96', '2002::/16', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
)

function blockList(...blocks: string[]): BlockList {
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/')
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
