const kibibyte = 1_024
const mebibyte = 1_024 * kibibyte

/** What one capability server is granted. Sizes in bytes, times in milliseconds. */
export interface Limits {
  /** Of JSON that one result may have. */
  resultBytes: number
  /** How deep the values in a result may be nested: what reads them later is recursive. */
  resultDepth: number
  /** Of one line on stdout. */
  lineBytes: number
  /** Of one message that nobody asked for: a notification, or a request of the server's own. */
  unaskedBytes: number
  /** Calls that one process works on at the same time, where its manifest says nothing else. */
  concurrency: number
  /** How long it may take to find out how a server is started: its credentials, its emulator, its database. */
  launchMs: number
  /** A server may be slow to start on a busy machine; one that says nothing for this long is taken for a 2025-era server. */
  probeMs: number
  handshakeMs: number
  /** A call waits for a new look at a server's tools where the last one is older than this. */
  lookGoodForMs: number
  /** How long a process may say nothing after a call was abandoned before it is replaced. */
  silenceMs: number
  /** How long a process may take to leave after its stdin was closed, and again after SIGTERM. */
  leaveMs: number
  /** A call waits for a restart that is due this soon; one that is due later refuses the call at once. */
  restartWaitMs: number
  /** Pauses before restarts of a process that ends again and again. */
  restart: Pauses
  /** A process that lived this long had a good start, whatever ended it. */
  goodLifeMs: number
  /** Failures in a row that open the circuit. */
  circuitFailures: number
  /** How long an open circuit refuses calls before it lets one through. */
  circuit: Pauses
  /** Breaches of the protocol within {@link faultWindowMs} that end a process. */
  faults: number
  faultWindowMs: number
}

/** Pauses that double, from the first to the longest. */
export interface Pauses {
  firstMs: number
  longestMs: number
}

export const defaultLimits: Limits = {
  resultBytes: 4 * mebibyte,
  resultDepth: 100,
  lineBytes: 16 * mebibyte,
  unaskedBytes: 64 * kibibyte,
  concurrency: 32,
  launchMs: 60_000,
  probeMs: 15_000,
  handshakeMs: 30_000,
  lookGoodForMs: 60_000,
  silenceMs: 5_000,
  leaveMs: 2_000,
  restartWaitMs: 2_000,
  restart: { firstMs: 100, longestMs: 60_000 },
  goodLifeMs: 30_000,
  circuitFailures: 5,
  circuit: { firstMs: 5_000, longestMs: 60_000 },
  faults: 1_000,
  faultWindowMs: 10_000,
}

/**
 * The pause after the nth failure in a row: it doubles each time, and is cut by up to a half at random (`random` in [0, 1)),
 * so that what failed together does not come back together.
 */
export function pauseAfter(failures: number, { firstMs, longestMs }: Pauses, random: number): number {
  const whole = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(whole * (1 - random / 2))
}
