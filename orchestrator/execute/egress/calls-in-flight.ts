import type { RequestRule } from '../../../shared/manifest.ts'
import type { EgressRecord } from '../../model/egress.ts'
import { ruleAllows } from './match-request.ts'

/** What is known of a request, or a connection, when it begins. */
export type Beginning = Pick<EgressRecord, 'endpoint' | 'protocol' | 'host' | 'method' | 'path'>

/** What one process of a server moves while calls are in flight, and on behalf of which. */
export interface CallsInFlight {
  start(callId: string, egress: readonly RequestRule[]): void
  /** Ends a call; what goes on for it alone is aborted. */
  end(callId: string): EgressRecord[]
  /** Why the request may not go out now, if it may not. */
  refusal(request: { endpoint: string; method: string; path: string }): string | undefined
  /** Records what was refused. */
  deny(what: Beginning, why: string): void
  /** A request that may go out. */
  begin(what: Beginning & { endpoint: string; method: string; path: string }): Exchange
  /** A connection that lives longer than calls do. */
  open(what: Beginning): Flow
  /** How much was refused so far. */
  denied(): number
}

/** One request and its answer. */
export interface Exchange {
  /** Aborts when no call is left that it may be for. */
  signal: AbortSignal
  out(bytes: number): void
  in(bytes: number): void
  status(status: number): void
  /** Something of its answer was refused. */
  refuse(why: string): void
  end(): void
}

/** A connection whose bytes are all that can be told of it. */
export interface Flow {
  out(bytes: number): void
  in(bytes: number): void
  end(): void
}

export interface CallsInFlightOptions {
  /** Milliseconds of any clock. */
  now: () => number
  /** Takes secrets out of what a server chose. */
  clean: (text: string) => string
  /** Told what was refused while no call was in flight; of much of it, the first only. */
  onStray(record: EgressRecord): void
}

interface Call {
  egress: readonly RequestRule[]
  /** No other call was in flight with it at any time. */
  alone: boolean
  records: EgressRecord[]
  flows: Map<OpenFlow, { out: number; in: number; at: number }>
}

interface OpenExchange {
  record: EgressRecord
  began: number
  calls: Set<Call>
  abort: AbortController
}

interface OpenFlow {
  what: Beginning
  out: number
  in: number
  openedAt: number
  lastAt: number
}

/** Of one call; what comes after is added up. */
const mostRecords = 100
const longestPath = 300
const severalHosts = 'several'

export function callsInFlight({ now, clean, onStray }: CallsInFlightOptions): CallsInFlight {
  const calls = new Map<string, Call>()
  const exchanges = new Set<OpenExchange>()
  const flows = new Set<OpenFlow>()
  let denied = 0
  let strays = 0

  const presentable = ({ path, ...what }: Beginning): Beginning => ({
    ...what,
    ...(path !== undefined && { path: clean(path).slice(0, longestPath) }),
  })

  /** With several calls in flight nobody can tell which one it is for: it stands with each that may have caused it. */
  function attribution(): EgressRecord['attribution'] {
    return calls.size === 1 ? 'exact' : 'ambiguous'
  }

  function settle(exchange: OpenExchange): EgressRecord {
    return { ...exchange.record, ms: Math.round(now() - exchange.began) }
  }

  function flowRecord(flow: OpenFlow, call: Call): EgressRecord | undefined {
    const since = call.flows.get(flow) ?? { out: 0, in: 0, at: flow.openedAt }
    const moved = { bytes_out: flow.out - since.out, bytes_in: flow.in - since.in }
    if (moved.bytes_out + moved.bytes_in === 0) return undefined
    const ms = Math.max(0, Math.round(flow.lastAt - since.at))
    return { ...flow.what, ...moved, ms, attribution: call.alone ? 'exact' : 'ambiguous' }
  }

  return {
    start(callId, egress) {
      const call: Call = { egress, alone: calls.size === 0, records: [], flows: new Map() }
      for (const other of calls.values()) other.alone = false
      for (const flow of flows) call.flows.set(flow, { out: flow.out, in: flow.in, at: now() })
      calls.set(callId, call)
    },
    end(callId) {
      const call = calls.get(callId)
      if (!call) return []
      calls.delete(callId)
      for (const exchange of exchanges) {
        if (!exchange.calls.delete(call)) continue
        add(call.records, settle(exchange))
        if (exchange.calls.size > 0) continue
        exchanges.delete(exchange)
        exchange.abort.abort()
      }
      for (const flow of flows) {
        const record = flowRecord(flow, call)
        if (record) add(call.records, record)
      }
      return call.records
    },
    refusal(request) {
      if (calls.size === 0) return 'no call is in flight'
      const declared = [...calls.values()].some(({ egress }) => egress.some((rule) => ruleAllows(rule, request)))
      return declared ? undefined : `no tool in flight declares ${request.method} of this path`
    },
    deny(what, why) {
      denied += 1
      const nothing = { bytes_out: 0, bytes_in: 0, ms: 0 }
      const record = { ...presentable(what), ...nothing, attribution: attribution(), denied: why }
      if (calls.size === 0 && strays < mostRecords) {
        strays += 1
        onStray(record)
      }
      for (const { records } of calls.values()) add(records, record)
    },
    begin(what) {
      const fitting = [...calls.values()].filter(({ egress }) => egress.some((rule) => ruleAllows(rule, what)))
      const record: EgressRecord = {
        ...presentable(what),
        bytes_out: 0,
        bytes_in: 0,
        ms: 0,
        attribution: attribution(),
      }
      const exchange: OpenExchange = { record, began: now(), calls: new Set(fitting), abort: new AbortController() }
      exchanges.add(exchange)
      return {
        signal: exchange.abort.signal,
        out: (bytes) => {
          record.bytes_out += bytes
        },
        in: (bytes) => {
          record.bytes_in += bytes
        },
        status: (status) => {
          record.status = status
        },
        refuse(why) {
          denied += 1
          record.denied = why
        },
        end() {
          if (!exchanges.delete(exchange)) return
          for (const { records } of exchange.calls) add(records, settle(exchange))
        },
      }
    },
    open(what) {
      const flow: OpenFlow = { what, out: 0, in: 0, openedAt: now(), lastAt: now() }
      flows.add(flow)
      const moved = (way: 'out' | 'in') => (bytes: number) => {
        flow[way] += bytes
        flow.lastAt = now()
      }
      return {
        out: moved('out'),
        in: moved('in'),
        end() {
          if (!flows.delete(flow)) return
          for (const call of calls.values()) {
            const record = flowRecord(flow, call)
            if (record) add(call.records, record)
          }
        },
      }
    },
    denied: () => denied,
  }
}

/** Beyond {@link mostRecords}, what went out is added up in one record and what was refused in another. */
function add(records: EgressRecord[], record: EgressRecord): void {
  if (records.length < mostRecords) {
    records.push({ ...record })
    return
  }
  const isSum = ({ host, denied }: EgressRecord) =>
    host === severalHosts && (denied === undefined) === (record.denied === undefined)
  const sum = records.find(isSum)
  if (!sum) {
    const { endpoint: _endpoint, method: _method, path: _path, status: _status, ...counted } = record
    records.push({ ...counted, host: severalHosts, times: 1 })
    return
  }
  sum.bytes_out += record.bytes_out
  sum.bytes_in += record.bytes_in
  sum.ms += record.ms
  sum.times = (sum.times ?? 1) + 1
}
