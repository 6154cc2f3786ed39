import type { JsonObject } from '../../shared/json.ts'
import { mayNotDecide } from '../enforce/approval.ts'
import type { Decider } from '../model/decider.ts'
import { type Draft, draft } from '../model/event.ts'
import { apply, fold, type Situation, type WaitState } from '../model/situation.ts'
import { OvertakenError, type RunJournal, type Timed } from './parts.ts'
import { wakeAt } from './wake-at.ts'

/** What a person decided about something that a run asks. */
export interface Answer {
  choice: string
  by: string
  why?: string
  /** With the choice `change`: the run's input from now on, valid and sealed. */
  input?: JsonObject
}

/** An answer that cannot be taken: the run does not ask for it, or not any more. */
export class AnswerError extends Error {
  override readonly name: string = 'AnswerError'
}

/** A decision by somebody who may not take it. */
export class NotEntitledError extends AnswerError {
  override readonly name = 'NotEntitledError'
}

/** Where answers are recorded: not the journal that pursues runs in this process, for that one holds their ends. */
export interface Desk extends Timed {
  journal: RunJournal
  /**
   * Lets one answer to a run be recorded after the other. Needed where several may come at once: a journal's fence is against
   * other journals, not against whoever shares it.
   */
  inTurn?<Result>(runId: string, work: () => Promise<Result>): Promise<Result>
}

/**
 * Records what a person answered to the run's open question, whoever pursues the run. It goes on when it is advanced next.
 * `refusal` says why the person may not give that answer. Throws an {@link AnswerError}, or a {@link NotEntitledError}.
 */
export async function answer(
  runId: string,
  given: Answer,
  desk: Desk,
  refusal: (situation: Situation) => string | undefined = () => undefined,
): Promise<void> {
  await tell(runId, desk, (situation) => {
    const why = refusal(situation)
    if (why !== undefined) throw new NotEntitledError(why)
    const open = [...situation.waits.values()]
    const wait = open.find((one) => one.for === 'answer') ?? open.find((one) => one.for === 'timer')
    if (!wait) throw new AnswerError(`Run ${runId} is ${situation.status} and waits for no answer${childrenAsk(open)}`)
    return endWait(situation, wait, given)
  })
}

/** What somebody decided on an approval. */
export interface ApprovalDecision {
  choice: 'approve' | 'deny'
  decider: Decider
  why?: string
}

/**
 * Records the decision on one approval. Only who may decide and is in time is heard; a late one counts as denied already.
 * Throws an {@link AnswerError}, or a {@link NotEntitledError}.
 */
export async function decideApproval(
  runId: string,
  approvalId: string,
  { choice, decider, why }: ApprovalDecision,
  desk: Desk,
): Promise<void> {
  await tell(runId, desk, (situation) => {
    const wait = situation.waits.get(approvalId)
    if (wait?.for !== 'approval' || !wait.approval)
      throw new AnswerError(`The approval ${approvalId} is not open any more`)
    if (wait.until !== undefined && Date.parse(wait.until) <= desk.clock.now().getTime())
      throw new AnswerError(`The approval ${approvalId} expired at ${wait.until}`)
    const refusal = mayNotDecideOn(wait, choice, decider, situation)
    if (refusal !== undefined) throw new NotEntitledError(refusal)
    return endWait(situation, wait, { choice, by: decider.principal, ...(why === undefined ? {} : { why }) })
  })
}

/** Why somebody may not decide so on an approval that a run waits for, or nothing where they may. */
export function mayNotDecideOn(
  { approval }: Pick<WaitState, 'approval'>,
  choice: 'approve' | 'deny',
  decider: Decider,
  { created, answers, tools }: Pick<Situation, 'created' | 'answers' | 'tools'>,
): string | undefined {
  if (!approval) return 'This is no approval'
  const { tool, verdict } = approval
  const contract = tools[tool]
  // The run of a sub-goal may do more than its call says.
  const effect = contract && !contract.sub_goal ? contract.effect : 'update'
  const changedBy = answers.flatMap(({ choice: chosen, by }) => (chosen === 'change' ? [by] : []))
  const askedBy = created.principal === undefined ? [] : [...new Set([created.principal, ...changedBy])]
  return mayNotDecide(decider, choice, { verdict, goal: created.goal.goal, tool: { id: tool, effect }, askedBy })
}

/** Records that a run is to end: what it did is undone when it is advanced next. */
export async function requestCancel(runId: string, { by, why }: Omit<Answer, 'choice'>, desk: Desk): Promise<void> {
  await tell(runId, desk, (situation) => {
    if (situation.finished) throw new AnswerError(`Run ${runId} is ${situation.status} already`)
    if (situation.cancel_requested || situation.compensation)
      throw new AnswerError(`Run ${runId} is being undone already`)
    return cancelRequested(by, why)
  })
}

/**
 * Records that the run of a sub-goal is to be undone, whether it is under way or has succeeded; nothing where it has ended
 * otherwise, or is being undone.
 */
export async function undoSubGoal(runId: string, { by, why }: Omit<Answer, 'choice'>, desk: Desk): Promise<void> {
  await tell(runId, desk, (situation) => {
    const { finished, cancel_requested, compensation } = situation
    if (cancel_requested || compensation || (finished && finished.status !== 'succeeded')) return undefined
    return cancelRequested(by, why)
  })
}

function cancelRequested(by: string, why: string | undefined): Draft {
  return draft('cancel_requested', { by, ...(why === undefined ? {} : { why }) })
}

/** How often somebody else may be quicker, at most, before an answer is given up. */
const mostAttempts = 50

/** Appends what follows from the situation as the record has it; whoever pursues the run meanwhile notices. */
async function tell(runId: string, desk: Desk, decide: (situation: Situation) => Draft | undefined): Promise<void> {
  const record = () => recordWhatIsTold(runId, desk, decide)
  await (desk.inTurn ? desk.inTurn(runId, record) : record())
}

async function recordWhatIsTold(
  runId: string,
  { journal, clock }: Desk,
  decide: (situation: Situation) => Draft | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const situation = fold(await journal.read(runId))
    const told = decide(situation)
    if (!told) return
    const now = clock.now()
    apply(situation, { ...told, seq: situation.seq + 1, at: now.toISOString() })
    try {
      await journal.append(runId, [told], { status: situation.status, wake_at: wakeAt(situation, now) })
      return
    } catch (error) {
      if (!(error instanceof OvertakenError) || attempt === mostAttempts) throw error
    }
  }
}

function endWait({ run_id }: Situation, { wait_id, choices }: WaitState, { choice, by, why, input }: Answer): Draft {
  const offered = choices.map((offer) => offer.choice)
  if (!offered.includes(choice))
    throw new AnswerError(`Run ${run_id} does not offer "${choice}"; it offers ${offered.join(', ')}`)
  if ((choice === 'change') !== (input !== undefined))
    throw new AnswerError(
      choice === 'change'
        ? 'To change the input, say what it is to be: --input FILE or JSON'
        : `"${choice}" takes no input`,
    )
  return draft('wait_ended', {
    wait_id,
    choice,
    by,
    ...(why === undefined ? {} : { why }),
    ...(input === undefined ? {} : { input }),
  })
}

function childrenAsk(open: readonly WaitState[]): string {
  const runs = open.flatMap(({ child_run }) => child_run ?? [])
  return runs.length === 0
    ? ''
    : `; its ${runs.length === 1 ? 'sub-goal does: answer' : 'sub-goals do: answer one of'} ${runs.join(', ')}`
}
