import { CircuitState, ConsecutiveBreaker, circuitBreaker, DelegateBackoff, handleWhenResult } from 'cockatiel'
import { type Limits, pauseAfter } from './limits.ts'

/**
 * What a call has shown of the server: it answered, whatever it said; it failed as a server; or nothing, because the call
 * was never sent or was taken back.
 */
export type Evidence = 'answered' | 'failed' | 'none'

/** Stops calls to a server that fails again and again, and lets one through now and then to see whether it is back. */
export interface Circuit {
  state(): 'closed' | 'open' | 'half_open'
  /** How many milliseconds calls are refused for; undefined while they go through. */
  refusesFor(): number | undefined
  /** Makes a call and learns from it. Only to be used where {@link refusesFor} is undefined, in the same turn. */
  run<Result extends { evidence: Evidence }>(call: () => Promise<Result>): Promise<Result>
}

/**
 * Several calls that fail together are one failure: a call that was under way when the last one was counted says nothing
 * new. `random` spreads the pauses.
 */
export function circuit(limits: Pick<Limits, 'circuit' | 'circuitFailures'>, random: () => number): Circuit {
  let pause = 0
  let opensUntil = 0
  let counted = 0
  const policy = circuitBreaker(
    handleWhenResult((evidence) => evidence === 'failed'),
    {
      breaker: new ConsecutiveBreaker(limits.circuitFailures),
      halfOpenAfter: new DelegateBackoff<{ attempt: number }>(({ attempt }) => {
        pause = pauseAfter(attempt, limits.circuit, random())
        return pause
      }),
    },
  )
  // The policy does not tell until when it is open; this comes after it has looked at the clock, so never too early.
  policy.onBreak(() => {
    opensUntil = Date.now() + pause
  })
  return {
    state: () => names[policy.state],
    refusesFor() {
      if (policy.state === CircuitState.HalfOpen) return pauseAfter(1, limits.circuit, random())
      if (policy.state !== CircuitState.Open) return undefined
      const left = opensUntil - Date.now()
      return left > 0 ? left : undefined
    },
    async run(call) {
      const countedBefore = counted
      const isProbe = policy.state === CircuitState.Open
      let calling: ReturnType<typeof call> | undefined
      const show = async (): Promise<Evidence> => {
        calling = call()
        const evidence = await calling.then(
          (result) => result.evidence,
          () => 'none' as const,
        )
        // A probe that has shown nothing leaves the circuit open; what any other call has not shown is not counted.
        if (isProbe) return evidence === 'answered' ? 'answered' : 'failed'
        if (evidence === 'answered') return evidence
        if (evidence === 'none' || counted !== countedBefore) throw nothingShown
        counted += 1
        return evidence
      }
      await policy.execute(show).catch((error: unknown) => {
        if (error !== nothingShown) throw error
      })
      return calling as ReturnType<typeof call>
    },
  }
}

/** Thrown past the policy, which would take a call that returns for a success. */
const nothingShown = new Error('the call has shown nothing of the server')

const names = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Isolated]: 'open',
} as const
