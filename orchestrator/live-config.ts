import type { Config } from './config.ts'

/** A configuration of which one part may become another while it is used: what it says of servers. */
export interface LiveConfig extends Config {
  adopt(next: Pick<Config, 'servers'>): void
}

export function liveConfig(first: Config): LiveConfig {
  let { servers } = first
  return {
    ...first,
    get servers() {
      return servers
    },
    adopt(next) {
      servers = next.servers
    },
  }
}
