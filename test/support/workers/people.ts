import { setTimeout as sleep } from 'node:timers/promises'
import { localOperator } from '../../../orchestrator/model/decider.ts'
import type { WaitState } from '../../../orchestrator/model/situation.ts'
import { AnswerError, answer, decideApproval, requestCancel } from '../../../orchestrator/run/answer.ts'
import type { Yard } from './yard.ts'

/** People who look after the runs of a yard: they approve, permit what was declined and have it tried again. */
export interface People {
  /** Lets the people go once they have finished what they are at. Throws what went wrong with them. */
  leave(): Promise<void>
}

/** How often the people look at what waits for them. */
const lookMs = 150

export function peopleOf(yard: Yard): People {
  const leaving = new AbortController()
  const work = async (): Promise<void> => {
    while (!leaving.signal.aborted) {
      const rows = await yard.runs()
      const waiting = rows.filter(({ status }) => status === 'waiting')
      for (const { run_id } of waiting) await lookAfter(yard, run_id)
      await sleep(lookMs)
    }
  }
  const working = work()
  working.catch(() => {})
  return {
    async leave() {
      leaving.abort()
      await working
    },
  }
}

async function lookAfter(yard: Yard, runId: string): Promise<void> {
  const situation = await yard.situation(runId)
  for (const wait of situation.waits.values())
    if (await tell(() => respond(yard, runId, wait, String(situation.input.subject)))) await yard.pursuing.wake(runId)
}

async function respond({ pursuing: { desk }, permit }: Yard, runId: string, wait: WaitState, subject: string) {
  if (wait.for === 'approval')
    return decideApproval(runId, wait.wait_id, { choice: 'approve', decider: localOperator('ann') }, desk)
  if (wait.for !== 'answer') return
  await permit(subject)
  await answer(runId, { choice: 'retry', by: 'ann' }, desk)
}

/** Asks for the end of a run, unless it has ended by itself. */
export async function cancelRun({ pursuing: { desk, wake } }: Yard, runId: string): Promise<void> {
  if (await tell(() => requestCancel(runId, { by: 'ann', why: 'changed her mind' }, desk))) await wake(runId)
}

/** False where nobody asks any more. */
async function tell(say: () => Promise<void>): Promise<boolean> {
  try {
    await say()
    return true
  } catch (error) {
    if (error instanceof AnswerError) return false
    throw error
  }
}
