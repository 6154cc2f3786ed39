import type { CallOutcome, CallRequest, CallResult } from '../../../orchestrator/model/call.ts'
import type { Catalogue, Tool } from '../../../orchestrator/model/catalogue.ts'
import type { RunGateway } from '../../../orchestrator/run/parts.ts'
import { compileSchema } from '../../../shared/json-schema.ts'
import { courseOf, type Fault, type FaultPlan, faultOf, isLost } from './fault.ts'
import { KeptAnswers } from './kept-answers.ts'
import { type Answer, type Doing, fail, type Trace, type Vendor } from './vendor.ts'
import type { VirtualClock } from './virtual-clock.ts'

/**
 * Systems with a state of their own behind the tools of a catalogue, in this process: what is called happens there, once
 * or twice or late or not at all, whatever the reply says. Afterwards the systems are asked, not the run.
 */
export class World implements RunGateway {
  /** Every call that was made, in order, with what went wrong. */
  readonly calls: { request: CallRequest; fault: Fault | undefined }[] = []
  private readonly catalogue: Catalogue
  private readonly vendors: Record<string, Vendor>
  private readonly clock: VirtualClock
  private faults: FaultPlan
  private readonly kept = new KeptAnswers()

  constructor(catalogue: Catalogue, vendors: Record<string, Vendor>, clock: VirtualClock, faults: FaultPlan = {}) {
    this.catalogue = catalogue
    this.vendors = vendors
    this.clock = clock
    this.faults = faults
  }

  /** From now on, this goes wrong instead. */
  change(faults: FaultPlan): void {
    this.faults = faults
  }

  /** What there is now, in all systems. */
  traces(): Trace[] {
    return Object.values(this.vendors).flatMap((vendor) => vendor.traces())
  }

  /** What there ever was, in all systems. */
  everMade(): Trace[] {
    return Object.values(this.vendors).flatMap((vendor) => vendor.everMade())
  }

  async call(request: CallRequest): Promise<CallResult> {
    const tool = this.toolOf(request)
    const nth = this.calls.filter((earlier) => earlier.request.tool === request.tool && isSameServer(earlier, request))
    const fault = faultOf(this.faults, tool.id, nth.length)
    this.calls.push({ request, fault })
    const sent = this.clock.now()
    const timeToDeadline = Date.parse(request.deadline) - sent.getTime()
    const course = courseOf(fault, Math.max(0, timeToDeadline))
    const outcome = await new Promise<CallOutcome>((resolve) => {
      let performed: Answer | undefined
      if (course.performed !== undefined && timeToDeadline > 0) {
        this.clock.schedule(sent.getTime() + course.performed, () => {
          performed = this.perform(tool, request, fault)
        })
      }
      this.clock.schedule(sent.getTime() + course.answered, () => resolve(outcomeOf(tool, fault, performed)))
    })
    return {
      outcome,
      era: '2026-07-28',
      started_at: sent.toISOString(),
      settled_at: this.clock.now().toISOString(),
      egress: [],
    }
  }

  private perform(tool: Tool, request: CallRequest, fault: Fault | undefined): Answer {
    const { arguments: args, idempotency_key: key, run_id, call_id } = request
    const mishap = fault === 'unsatisfied' || fault === 'half' ? { mishap: fault } : {}
    const doing: Doing = { run_id, call_id, key, ...mishap }
    const perform = (): Answer => {
      if (fault === 'declined') return fail('declined', 'The vendor said no.')
      if (fault === 'refused') return fail('invalid_input', 'The vendor does not take these arguments.')
      return this.performerOf(tool)(args, doing)
    }
    const { idempotency } = tool
    const answer =
      typeof idempotency === 'string'
        ? perform()
        : this.kept.answerOnce(
            { key, args, now: this.clock.now().getTime(), keptMs: millisecondsOf(idempotency.keyed) },
            perform,
          )
    const issues = answer.ok && tool.output ? compileSchema(tool.output)(answer.output) : []
    if (issues.length > 0) throw new TypeError(`the fake ${tool.id} breaks its schema: ${JSON.stringify(issues)}`)
    return answer
  }

  private toolOf({ server, tool }: CallRequest): Tool {
    const found = this.catalogue.tools.get(`${server}.${tool}`)
    if (!found) throw new RangeError(`the catalogue has no tool ${server}.${tool}`)
    return found
  }

  private performerOf({ server, name, id }: Tool) {
    const perform = this.vendors[server]?.tools[name]
    if (!perform) throw new RangeError(`there is no fake of ${id}`)
    return perform
  }
}

function isSameServer({ request }: { request: CallRequest }, { server }: CallRequest): boolean {
  return request.server === server
}

function outcomeOf(tool: Tool, fault: Fault | undefined, answer: Answer | undefined): CallOutcome {
  if (isLost(fault)) {
    const failure = { kind: 'unavailable' as const, message: `${tool.id} did not answer` }
    return { status: tool.effect === 'read' ? 'failed' : 'uncertain', failure }
  }
  if (fault === 'rate_limited') {
    return { status: 'failed', failure: { kind: 'rate_limited', message: 'Slow down.', retry_after_ms: 5_000 } }
  }
  if (!answer) return { status: 'failed', failure: { kind: 'unavailable', message: `${tool.id} is away` } }
  return answer.ok ? { status: 'succeeded', output: answer.output } : { status: 'failed', failure: answer.failure }
}

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function millisecondsOf(duration: string): number {
  return Number.parseInt(duration, 10) * (unitMs[duration.at(-1) ?? 's'] ?? 0)
}
