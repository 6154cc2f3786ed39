/** What a server may try, in words for people; canaries try each of them inside every jail. */
export const attacks = {
  read_files: 'read a file outside',
  write_files: 'write a file outside',
  read_environment: "read another process's environment",
  reach_loopback: "reach a port of this machine's loopback",
  reach_hosts: 'reach a host that is not listed',
  signal_processes: 'signal a process outside',
  exceed_memory: 'use more memory than granted',
  exceed_processes: 'start more processes than granted',
} as const
export type Attack = keyof typeof attacks

export const attackNames = Object.keys(attacks) as Attack[]

/** What is tried at each launch, and what only in a sibling jail, because it would end a server. */
export const bombs = ['exceed_memory', 'exceed_processes'] as const satisfies readonly Attack[]
export const quickAttacks = attackNames.filter((attack) => !(bombs as readonly Attack[]).includes(attack))

/** What became of one attack: `held`, or how it got through. */
export type Observation = {
  attack: Attack
  held: boolean
  /** What the attack met, in the words of the system: `ENOENT`. */
  met: string
}
