import type { Observation } from '../attack.ts'

/** What the host has planted for a jail's canaries. */
export interface CanaryPlan {
  /** A file that must not be readable. */
  file: string
  /** A file that must not come to be. */
  unwritten: string
  /** A port on 127.0.0.1 of the host that must not answer. */
  port: number
  /** The process that starts jails, by pid and start time. */
  parent: { pid: number; start: string }
}

/** A door as the jail has it: a port of 127.0.0.1, and a name that stands for that address. */
export interface DoorInside {
  port: number
  name?: string
}

/** What the host says to the program that stands at a jail's entrance, in this order. */
export type ToEntrance =
  | { say: 'prove'; plan: CanaryPlan }
  /** Ends in one of the two: a server, or what would end a server. */
  | {
      say: 'start'
      command: string
      args: string[]
      env: Record<string, string>
      doors: DoorInside[]
      /** Whether the doors' ports are the machine's own, where everybody on it finds them. */
      shared: boolean
    }
  | { say: 'bomb'; bomb: 'exceed_memory' | 'exceed_processes'; beyond: number }

/** What it answers. */
export type FromEntrance =
  | { say: 'ready' }
  | { say: 'proof'; observations: Observation[] }
  | { say: 'listening' }
  /** How far a bomb got so far: MiB held, or processes started. */
  | { say: 'reached'; amount: number }
  | { say: 'failed'; why: string }
