/** What the hostile server tries, each in words for the table of the reference. */
export const attackWords = {
  read_file: 'read a file outside',
  read_through_link: 'read a file outside through a link that it makes',
  follow_link: 'read a file outside through a link that lies in its folder already',
  read_through_hard_link: 'read a file outside through a second name that it gives it',
  read_through_proc: 'read a file outside through the folders of processes in `/proc`',
  write_file: 'write a file outside',
  read_environ: 'read the environment of its parent in `/proc`',
  read_memory: 'read the memory of a process outside',
  see_environment: "see a variable of Remit's own environment",
  trace: 'trace a process outside (ptrace)',
  signal: 'end a process outside',
  connect_tcp: "connect to a port of the machine's loopback",
  connect_unix: 'connect to a Unix socket outside',
  connect_abstract: 'connect to an abstract Unix socket',
  send_udp: "send a datagram to the machine's loopback",
  ask_dns: 'send a name to a name server of its choice',
  listen: 'listen on a port of the machine',
  route: 'find a route to other hosts',
} as const
export type AttackName = keyof typeof attackWords

/** What takes too much; each has a jail of its own. */
export const bombWords = {
  fork_bomb: 'start processes without end',
  memory_bomb: 'take memory without end',
  disk_bomb: 'fill its folder without end',
  nameless_bomb: 'fill its folder without end, with files that it has unlinked',
  scratch_bomb: 'fill its scratch without end',
  stdout_flood: 'write to stdout without end',
} as const
export type BombName = keyof typeof bombWords

/** What a server tries over the network that it has, which is its doors, and with the credentials that are its own. */
export const networkWords = {
  idle_request: "use its vendor's key while no call of it is in flight",
  undeclared_request: 'send its vendor a request that no tool in flight declares',
  follow_redirect: 'follow a redirect from an allowed host to a forbidden one',
  echoed_key: 'learn the key that is added for it, from a vendor that echoes it',
  secret_in_result: 'give its own credential away in a result',
  secret_in_error: 'give its own credential away in an error',
} as const
export type NetworkAttackName = keyof typeof networkWords

/** What the test has put outside of the jail. */
export interface Targets {
  file: string
  /** In the server's own folder, to the file. */
  link: string
  unwritten: string
  parent: number
  victim: number
  tcp: number
  udp: number
  dns: number
  /** A free port. */
  listen: number
  unix: string
  abstract: string
  variable: string
}

/** What became of one attack, as the server saw it. */
export interface Tried {
  attack: AttackName
  through: boolean
  met: string
}
