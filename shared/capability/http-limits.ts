/** What a server takes over HTTP, and for how long. Times in milliseconds. */
export interface HttpLimits {
  /** Requests that are worked on at the same time; more are sent away before anything is done for them. */
  requests: number
  /** How many of them may be calls of tools. */
  calls: number
  /** Streams that only tell of changes. */
  subscriptions: number
  /** Open connections; more are dropped. */
  connections: number
  /** Bytes of bodies that are arriving at the same time: whoever connects can send one, before it is known who that is. */
  arrivingBytes: number
  /** Until the headers of a request, and until the whole of it, have to be there. */
  headersMs: number
  arrivalMs: number
  /** How long a connection without a request is kept: longer than load balancers keep theirs, so that they close it. */
  keepAliveMs: number
  /** How long requests in flight may take when the server is told to stop. */
  drainMs: number
}

/** A container is killed 10 s after it was told to stop, unless its runtime was told otherwise. */
export const defaultHttpLimits: HttpLimits = {
  requests: 64,
  calls: 64,
  subscriptions: 64,
  connections: 1_024,
  arrivingBytes: 64 * 1_024 * 1_024,
  headersMs: 10_000,
  arrivalMs: 30_000,
  keepAliveMs: 65_000,
  drainMs: 8_000,
}
