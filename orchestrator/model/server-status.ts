/** How a capability server is, as its gateway sees it. */
export interface ServerStatus {
  server: string
  /** `idle`: not needed so far. `backing_off`: it ended, or did not start, and is started again at `retry_at`. */
  state: 'idle' | 'starting' | 'up' | 'backing_off' | 'closed'
  /** `open`: calls are refused until `retry_at`, after too many failures in a row. `half_open`: one call tries whether it is back. */
  circuit: 'closed' | 'open' | 'half_open'
  pid?: number
  /** The protocol revision that is spoken. */
  era?: string
  calls: { in_flight: number; queued: number }
  /** Of a server that runs elsewhere in several instances: how many work. */
  instances?: { working: number; of: number }
  /** Each principal has a connection of its own, and this is of all of them: `last_error` may tell of any. */
  personal?: true
  /** RFC 3339. */
  retry_at?: string
  /** How often its process ended, or did not start, since the gateway was opened. */
  ends: number
  /** How often it broke the protocol without ending. */
  protocol_faults: number
  /** How often it asked the network for what no call of it may have. */
  denied_egress: number
  /** Tools that the running server does not offer as they were reviewed, and how they differ. */
  quarantined: { tool: string; why: string }[]
  last_error?: { at: string; message: string }
}

/** Of a connection that is one principal's, nobody else is told why it does not work. */
export function forAnybody({ last_error, ...status }: ServerStatus): ServerStatus {
  return { ...status, ...(last_error && !status.personal && { last_error }) }
}
