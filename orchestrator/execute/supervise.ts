import { ConnectError, type Connection } from './connection.ts'
import { CredentialError } from './credentials/resolve.ts'
import { LaunchError } from './launch-error.ts'
import { type Limits, pauseAfter } from './limits.ts'
import { orAborted } from './patience.ts'
import { remoteErrorIn } from './remote/remote-error.ts'

/** Keeps one process of a capability server running. */
export interface Supervisor {
  /**
   * The connection to the running process, which is started where there is none. Rejects with {@link ServerUnavailable}, or
   * with the signal's reason when that aborts first.
   */
  connection(signal: AbortSignal): Promise<Connection>
  /** The process answered something: whatever ends it later, it had a good start. */
  trust(connection: Connection): void
  /** A call was abandoned: a process that does not say anything now either is replaced. */
  suspect(connection: Connection): void
  state(): SupervisorState
  /** Ends the process, or its start, and starts no other. Returns when nothing is left of it. */
  close(): Promise<void>
}

export interface SupervisorState {
  is: Phase['is']
  connection?: Connection
  /** When it is started again: milliseconds since 1970. */
  retryAt?: number
  /** How often the process ended, or did not start, so far. */
  ends: number
  lastTrouble?: Trouble
}

/** What ended the process last, or kept it from starting. */
export interface Trouble {
  at: number
  message: string
  /** A person has to mend the configuration before it can work. */
  misconfigured: boolean
  /** It does not let us in: a person has to see to that. */
  unauthorized: boolean
}

/** There is no process to send anything to. */
export class ServerUnavailable extends Error {
  override readonly name = 'ServerUnavailable'
  readonly misconfigured: boolean
  readonly unauthorized: boolean
  /** Until it is worth another try; undefined where the gateway is closing. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    { misconfigured = false, unauthorized = false, retryAfterMs }: Partial<Trouble> & { retryAfterMs?: number } = {},
  ) {
    super(message)
    this.misconfigured = misconfigured
    this.unauthorized = unauthorized
    this.retryAfterMs = retryAfterMs
  }
}

export interface SupervisorOptions {
  server: string
  /** Starts the process and connects to it; the signal gives up. */
  connect: (signal: AbortSignal) => Promise<Connection>
  limits: Pick<Limits, 'restart' | 'restartWaitMs' | 'goodLifeMs' | 'silenceMs'>
  /** Milliseconds since 1970. */
  now: () => number
  random: () => number
  /** Told each time that the process ended or did not start. */
  onTrouble(trouble: Trouble, cause?: unknown): void
}

type Phase =
  | { is: 'idle' }
  | { is: 'starting'; over: Promise<void>; giveUp: AbortController }
  | { is: 'up'; connection: Connection; since: number; trusted: boolean }
  | { is: 'backing_off'; until: number; timer: NodeJS.Timeout; over: Promise<void>; end: () => void }
  | { is: 'closed' }

/** Starts a process when it is first needed, and again, after a pause, whenever it ends. */
export function supervise({ server, connect, limits, now, random, onTrouble }: SupervisorOptions): Supervisor {
  let phase: Phase = { is: 'idle' }
  // Ends and failed starts in a row, since the last good start.
  let failures = 0
  let ends = 0
  let lastTrouble: Trouble | undefined
  let gone: Promise<void> = Promise.resolve()
  const suspected = new WeakSet<Connection>()

  function start(): void {
    const giveUp = new AbortController()
    // Two processes of one server would share its folder: the last one has to be gone.
    const attempt = gone.then(() => connect(giveUp.signal))
    phase = { is: 'starting', giveUp, over: attempt.then(started, startFailed) }
  }

  async function started(connection: Connection): Promise<void> {
    gone = connection.gone
    if (phase.is === 'closed') return connection.close()
    phase = { is: 'up', connection, since: now(), trusted: false }
    connection.ended.then((reason) => onEnd(connection, reason))
  }

  function startFailed(error: unknown): void {
    if (phase.is === 'closed') return
    failures += 1
    const misconfigured = error instanceof CredentialError
    const unauthorized = remoteErrorIn(error)?.kind === 'unauthorized'
    backOff({ at: now(), message: whyNotStarted(server, error), misconfigured, unauthorized }, error)
  }

  function onEnd(connection: Connection, reason: string): void {
    if (phase.is !== 'up' || phase.connection !== connection) return
    const startedWell = phase.trusted || now() - phase.since >= limits.goodLifeMs
    failures = startedWell ? 1 : failures + 1
    backOff({ at: now(), message: `${server} ${reason}`, misconfigured: false, unauthorized: false })
  }

  function backOff(trouble: Trouble, cause?: unknown): void {
    ends += 1
    lastTrouble = trouble
    const pause = pauseAfter(failures, limits.restart, random())
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      start()
      end()
    }, pause)
    // A restart that nobody waits for keeps nothing alive.
    timer.unref()
    phase = { is: 'backing_off', until: now() + pause, timer, over, end }
    onTrouble(trouble, cause)
  }

  function unavailable(until: number): ServerUnavailable {
    const retryAfterMs = Math.max(0, Math.ceil(until - now()))
    return new ServerUnavailable(lastTrouble?.message ?? `${server} is not running`, {
      misconfigured: lastTrouble?.misconfigured ?? false,
      unauthorized: lastTrouble?.unauthorized ?? false,
      retryAfterMs,
    })
  }

  return {
    async connection(signal) {
      let waited = false
      for (;;) {
        const current = phase
        switch (current.is) {
          case 'idle':
            start()
            break
          case 'starting':
            waited = true
            await orAborted(current.over, signal)
            break
          case 'up':
            if (current.connection.isOpen()) return current.connection
            await orAborted(current.connection.ended, signal)
            break
          case 'backing_off':
            // One failed start is enough to know; a restart that is near is worth waiting for.
            if (waited || current.until - now() > limits.restartWaitMs) throw unavailable(current.until)
            waited = true
            await orAborted(current.over, signal)
            break
          case 'closed':
            throw new ServerUnavailable(`${server} is being closed`)
        }
      }
    },
    trust(connection) {
      if (phase.is === 'up' && phase.connection === connection) phase.trusted = true
    },
    suspect(connection) {
      if (suspected.has(connection) || !connection.isOpen()) return
      suspected.add(connection)
      connection.answersWithin(limits.silenceMs).then((answers) => {
        suspected.delete(connection)
        if (!answers) connection.fail(`said nothing for ${limits.silenceMs} ms after a call was abandoned`)
      })
    },
    state: () => ({
      is: phase.is,
      ends,
      ...(phase.is === 'up' && { connection: phase.connection }),
      ...(phase.is === 'backing_off' && { retryAt: phase.until }),
      ...(lastTrouble && { lastTrouble }),
    }),
    async close() {
      const last = phase
      phase = { is: 'closed' }
      if (last.is === 'backing_off') {
        clearTimeout(last.timer)
        last.end()
      }
      if (last.is === 'starting') {
        last.giveUp.abort()
        await last.over
      }
      if (last.is === 'up') await last.connection.close()
      await gone
    },
  }
}

/** Only what is written by us: it is shown to people and models. */
function whyNotStarted(server: string, error: unknown): string {
  if (error instanceof ConnectError || error instanceof CredentialError) return error.message
  if (error instanceof LaunchError) return `${server} was not started: ${error.message}`
  return `${server} could not be made ready to start (the log says why)`
}
