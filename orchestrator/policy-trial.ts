import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Policy } from './enforce/policy/policy.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { Event } from './model/event.ts'
import type { YamlIssue } from './parse-yaml.ts'
import { type TrialDocument, trialDocument } from './run/try-policy.ts'

/** What a thread that tries a policy is started with; nothing of it can be more than data. */
export interface TrialWork {
  /** The text of a policy, or rules that are in force. */
  policy: string | Policy
  catalogue: Pick<Catalogue, 'digest' | 'servers' | 'tools'>
}

/** What it says: first of the policy, then of each run that it is given. */
export type TrialWord = { taken: true } | { refused: readonly YamlIssue[] } | { tried: TrialDocument }

/** What trying a policy may cost. Memory in MiB. */
export interface TrialLimits {
  patienceMs: number
  memory: number
}

/** A text that is no policy. */
export class PolicyRefusedError extends Error {
  override readonly name = 'PolicyRefusedError'
  readonly issues: readonly YamlIssue[]

  constructor(issues: readonly YamlIssue[]) {
    super('The policy is refused')
    this.issues = issues
  }
}

/** Rules that cost more to judge by than is allowed. */
export class TrialStoppedError extends Error {
  override readonly name = 'TrialStoppedError'
}

const usual: TrialLimits = { patienceMs: 15_000, memory: 256 }

/**
 * Judges the calls of runs by a policy, as `tryPolicy` does, in a thread of its own, which ends with this: an expression may
 * take for ever, and whoever wrote it is not to hold up others. Throws a {@link PolicyRefusedError} or a
 * {@link TrialStoppedError}.
 */
export async function tryPolicyApart(
  work: TrialWork,
  runs: AsyncIterable<readonly Event[]>,
  { patienceMs, memory }: TrialLimits = usual,
): Promise<TrialDocument> {
  const ended = new AbortController()
  const signal = AbortSignal.any([AbortSignal.timeout(patienceMs), ended.signal])
  const thread = new Worker(new URL(`./policy-trial-thread${extname(import.meta.filename)}`, import.meta.url), {
    workerData: work,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memory },
  })
  thread.on('error', (error) => ended.abort(error))
  thread.on('exit', () => ended.abort(new Error('the thread ended before it answered')))
  const word = async (): Promise<TrialWord> => {
    const [said] = await once(thread, 'message', { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error
    })
    return said
  }
  let all = trialDocument(0, [])
  try {
    const first = await word()
    if ('refused' in first) throw new PolicyRefusedError(first.refused)
    for await (const events of runs) {
      signal.throwIfAborted()
      thread.postMessage(events)
      const said = await word()
      if ('tried' in said) all = sum(all, said.tried)
    }
    return all
  } catch (error) {
    if (!isCostly(error)) throw error
    throw new TrialStoppedError(
      `Judging by these rules took more than ${patienceMs / 1_000} s or ${memory} MiB, and was stopped: try fewer runs, or simpler rules`,
      { cause: error },
    )
  } finally {
    await thread.terminate()
  }
}

function sum(one: TrialDocument, other: TrialDocument): TrialDocument {
  return {
    runs: one.runs + other.runs,
    calls: one.calls + other.calls,
    otherwise: [...one.otherwise, ...other.otherwise],
  }
}

/** Time ran out, or memory, or the stack, or an answer grew too long. */
function isCostly(reason: unknown): boolean {
  if (!(reason instanceof Error)) return false
  const { name, code } = reason as NodeJS.ErrnoException
  return name === 'TimeoutError' || name === 'RangeError' || code === 'ERR_WORKER_OUT_OF_MEMORY'
}
