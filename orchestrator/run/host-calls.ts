import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonObject } from '../../shared/json.ts'
import type { Progress } from '../model/call.ts'
import type { Tool } from '../model/catalogue.ts'
import type { Goal } from '../model/goal.ts'
import type { Owner } from '../model/run.ts'
import { digestSealed } from '../model/seal.ts'
import type { Situation } from '../model/situation.ts'
import { type CallAnswer, callAnswer } from './call-answer.ts'
import { callGoal } from './call-goal.ts'

/** The runs that calls of hosts are: in the record, or in memory where there is none. */
export interface CallRuns {
  /** True where people can answer what a run waits for. */
  canBeAnswered: boolean
  /** Makes the run. From here on it exists, before anything is called. */
  create(goal: Goal, input: JsonObject, owner: Owner): Promise<string>
  /** Pursues it until it ends or waits; undefined where that was stopped first. */
  pursue(
    runId: string,
    options: { signal: AbortSignal; cancel: AbortSignal; onProgress(progress: Progress): void },
  ): Promise<Situation | undefined>
  /** Cancels at their server what the run calls right now. */
  cancelCalls(runId: string): void
}

/** One call that a host asks for. */
export interface HostCall {
  tool: Tool
  arguments: JsonObject
  owner: Owner
  /** Under which limits; those of any call of the tool unless said. */
  goal?: Goal
  /** Aborts when the host cancels: the call is cancelled at its server, and what it did is taken back. */
  signal: AbortSignal
  onProgress(progress: Progress): void
}

/** Makes one run of each call that a host asks for, under the same rules as every other run. */
export class HostCalls {
  private readonly runs: CallRuns
  private readonly stopping = new AbortController()
  private readonly underWay = new Set<Promise<unknown>>()
  /** Calls that wait for an approval, by principal, limits, tool and arguments: who asks again asks for the same run. */
  private readonly held = new Map<string, string>()

  constructor(runs: CallRuns) {
    this.runs = runs
  }

  /** Never throws: whatever happens is an outcome. */
  async ask(call: HostCall): Promise<CallAnswer> {
    return this.underWayUntil(this.make(call))
  }

  /** Goes on with the call of a run that waited. Never throws: whatever happens is an outcome. */
  async resume(runId: string, call: Pick<HostCall, 'owner' | 'signal' | 'onProgress'>): Promise<CallAnswer> {
    return this.underWayUntil(this.pursue(runId, { ...call, what: 'the call' }))
  }

  private underWayUntil(asked: Promise<CallAnswer>): Promise<CallAnswer> {
    this.underWay.add(asked)
    return asked.finally(() => this.underWay.delete(asked))
  }

  /** Lets runs that are under way come to rest for a while, and then leaves them to whoever takes them up. */
  async close(graceMs: number): Promise<void> {
    const patience = new AbortController()
    const over = sleep(graceMs, undefined, { signal: patience.signal }).catch(() => {})
    await Promise.race([Promise.allSettled(this.underWay), over])
    patience.abort()
    this.stopping.abort()
    await Promise.allSettled(this.underWay)
  }

  private async make(call: HostCall): Promise<CallAnswer> {
    const { tool, owner, goal = callGoal(tool) } = call
    // A narrower key of the same principal must not go on with what a wider one may do.
    const limits = [goal.tools ?? null, goal.budget.cost_usd]
    const key = digestSealed([owner.tenant, owner.principal, ...limits, tool.id, call.arguments])
    const known = this.held.get(key)
    const runId = known ?? (await this.create({ ...call, goal }))
    if (runId === undefined) return unmade(`${tool.id} was not called: it could not be recorded first`)
    const answer = await this.pursue(runId, { ...call, what: tool.id })
    if (answer.approval_id !== undefined && this.runs.canBeAnswered) this.held.set(key, runId)
    else this.held.delete(key)
    return answer
  }

  private async create({ arguments: args, owner, goal }: HostCall & { goal: Goal }): Promise<string | undefined> {
    try {
      return await this.runs.create(goal, args, owner)
    } catch {
      return undefined
    }
  }

  private async pursue(
    runId: string,
    { what, owner, signal, onProgress }: Pick<HostCall, 'owner' | 'signal' | 'onProgress'> & { what: string },
  ): Promise<CallAnswer> {
    const cancel = new AbortController()
    const pass = () => {
      cancel.abort({ by: owner.principal, why: 'the host cancelled the call' })
      this.runs.cancelCalls(runId)
    }
    if (signal.aborted) pass()
    else signal.addEventListener('abort', pass, { once: true })
    try {
      const options = { signal: this.stopping.signal, cancel: cancel.signal, onProgress }
      const situation = await this.runs.pursue(runId, options)
      return situation ? callAnswer(situation) : unknown(what, runId, 'the host has gone')
    } catch {
      return unknown(what, runId, 'the record could not be reached any more')
    } finally {
      signal.removeEventListener('abort', pass)
    }
  }
}

function unmade(message: string): CallAnswer {
  return { outcome: { status: 'failed', failure: { kind: 'unavailable', message } } }
}

function unknown(tool: string, run_id: string, why: string): CallAnswer {
  const message = `What became of ${tool} is not known here, for ${why}: run ${run_id} says it`
  return { run_id, outcome: { status: 'uncertain', failure: { kind: 'unavailable', message } } }
}
