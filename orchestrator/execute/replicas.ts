import type { ServerStatus } from '../model/server-status.ts'
import { type Limits, pauseAfter } from './limits.ts'
import type { Performed } from './perform-call.ts'
import type { Upstream, UpstreamOptions } from './upstream.ts'

export interface ReplicasOptions extends Pick<UpstreamOptions, 'now' | 'random'> {
  server: string
  limits: Pick<Limits, 'restart'>
}

/**
 * Several instances of one server, as one. A call goes to the instance that is freest, and on to another where it provably
 * did nothing; a call that may have happened is never made a second time here: that is for the run to decide, which records it.
 */
export function openReplicas(instances: readonly Upstream[], options: ReplicasOptions): Upstream {
  const { server, limits, now, random } = options
  const rests = instances.map(() => ({ failures: 0, until: 0 }))
  let turn = 0

  function learn(instance: number, { elsewhere = false }: Performed): void {
    const rest = rests[instance] as (typeof rests)[number]
    rest.failures = elsewhere ? rest.failures + 1 : 0
    rest.until = elsewhere ? now().getTime() + pauseAfter(rest.failures, limits.restart, random()) : 0
  }

  function inOrder(): [number, Upstream][] {
    turn += 1
    const at = now().getTime()
    const standings = instances.map((upstream, index) => ({
      ...upstream.status(),
      rests: (rests[index]?.until ?? 0) > at,
    }))
    return orderOf(standings, turn).map((index) => [index, instances[index] as Upstream])
  }

  const freest = (): Upstream => (inOrder()[0] as [number, Upstream])[1]

  return {
    async start() {
      const starts = await Promise.allSettled(instances.map((upstream) => upstream.start()))
      const failed = starts.find((start) => start.status === 'rejected')
      if (failed && starts.every((start) => start.status === 'rejected')) throw failed.reason
    },
    async call(tool, request, call) {
      let refused: Performed | undefined
      for (const [index, upstream] of inOrder()) {
        const performed = await upstream.call(tool, request, call)
        learn(index, performed)
        if (!performed.elsewhere) return performed
        // What an instance may do later is worth more than what a person has to look at first.
        if (!refused || isDenied(refused)) refused = performed
        if (call.patience.ranOut() !== undefined) break
      }
      return refused as Performed
    },
    list: async () => freest().list(),
    tell: async () => freest().tell(),
    content: async (request) => freest().content(request),
    status: () =>
      merged(
        server,
        instances.map((upstream) => upstream.status()),
      ),
    async retire() {
      await Promise.all(instances.map((upstream) => upstream.retire()))
    },
    async close() {
      await Promise.all(instances.map((upstream) => upstream.close()))
    },
  }
}

/** What the choice of an instance looks at; one that `rests` has just sent a call away. */
export type Standing = Pick<ServerStatus, 'state' | 'circuit' | 'calls'> & { rests: boolean }

/**
 * The indices of the instances, the one to ask first coming first: those that work, then those that may not, and in both the
 * freest. Those that are equal take turns.
 */
export function orderOf(instances: readonly Standing[], turn: number): number[] {
  const rank = ({ state, circuit, rests }: Standing): number =>
    circuit !== 'closed' ? 3 : state !== 'up' ? 2 : rests ? 1 : 0
  const busy = ({ calls }: Standing): number => calls.in_flight + calls.queued
  const turned = instances.map((_, index) => (index + turn) % instances.length)
  const at = (index: number): Standing => instances[index] as Standing
  return turned.sort((a, b) => rank(at(a)) - rank(at(b)) || busy(at(a)) - busy(at(b)))
}

function isDenied({ outcome }: Performed): boolean {
  return outcome.status === 'failed' && outcome.failure.kind === 'denied'
}

/** The best first. */
const states = ['up', 'starting', 'backing_off', 'idle', 'closed'] as const

/** How a server is whose instances are so: as good as the best of them, with all their troubles. */
export function merged(server: string, all: readonly ServerStatus[]): ServerStatus {
  const sum = (of: (status: ServerStatus) => number): number => all.reduce((total, status) => total + of(status), 0)
  const working = all.filter(({ state, circuit }) => state === 'up' && circuit === 'closed')
  const [best] = working[0] ? working : all.toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state))
  const errors = all.flatMap(({ last_error }) => last_error ?? []).sort((a, b) => (a.at < b.at ? 1 : -1))
  const retries = working.length > 0 ? [] : all.flatMap(({ retry_at }) => retry_at ?? []).sort()
  const quarantined = new Map(all.flatMap((status) => status.quarantined).map((each) => [each.tool, each]))
  return {
    server,
    state: best?.state ?? 'idle',
    circuit: best?.circuit ?? 'closed',
    calls: { in_flight: sum(({ calls }) => calls.in_flight), queued: sum(({ calls }) => calls.queued) },
    instances: { working: working.length, of: all.length },
    ends: sum(({ ends }) => ends),
    protocol_faults: sum(({ protocol_faults }) => protocol_faults),
    denied_egress: sum(({ denied_egress }) => denied_egress),
    quarantined: [...quarantined.values()],
    ...(best?.era !== undefined && { era: best.era }),
    ...(retries[0] !== undefined && { retry_at: retries[0] }),
    ...(errors[0] && { last_error: errors[0] }),
  }
}
