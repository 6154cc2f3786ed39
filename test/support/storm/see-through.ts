import { setTimeout as sleep } from 'node:timers/promises'
import type { Situation } from '../../../orchestrator/model/situation.ts'
import { goalServer } from '../../../orchestrator/model/sub-goals.ts'
import { judge, judgeList } from './judge.ts'
import { leftOutside } from './left-outside.ts'
import { patiently } from './patiently.ts'
import type { StormyHome } from './stormy-home.ts'

/** What was ordered: one customer, or a list of them, each of whom is a run of its own within that one. */
export interface Order {
  run_id: string
  slugs: readonly string[]
}

/** How one order came through a storm. */
export interface Survivor {
  run_id: string
  /** Its status, and what became of its undo. */
  end: string
  /** What is wrong with that, one sentence each. */
  problems: string[]
}

/** How often a person tries again before going on without what cannot be had. */
const mostRetries = 3

/** Follows a run to its end, or to the instant `end`; answers as a person would, and looks at the systems then. */
export async function seeThrough({ run_id, slugs }: Order, home: StormyHome, end: number): Promise<Survivor> {
  const retries = new Map<string, number>()
  let situation = await situationOf(run_id, home)
  while (!situation.finished && Date.now() < end) {
    for (const asking of await askingIn(situation, home)) await answer(asking, retries, home)
    await sleep(250)
    situation = await situationOf(run_id, home)
  }
  const isList = slugs.length > 1
  const parts = isList ? await partsOf(situation, home) : [situation]
  const problems = await Promise.all(
    slugs.map(async (slug) => {
      const left = await patiently(() => leftOutside(home.path, home.sql, slug))
      const runs = parts.filter(({ input }) => JSON.stringify(input).includes(`"${slug}"`))
      return judge(runs, left).map((problem) => `${slug}: ${problem}`)
    }),
  )
  return {
    run_id,
    end: `${isList ? 'list ' : ''}${endOf(situation)}`,
    problems: [...(isList ? judgeList(situation, parts) : []), ...problems.flat()],
  }
}

function endOf({ status, compensation }: Situation): string {
  return compensation?.status === undefined ? status : `${status} (undo ${compensation.status})`
}

const situationOf = (runId: string, { remit }: StormyHome) => patiently(() => remit.situation(runId))

/** The run itself, and those within it that ask people something. */
async function askingIn(situation: Situation, home: StormyHome): Promise<Situation[]> {
  const asking = [...situation.waits.values()].flatMap(({ child_run }) => child_run ?? [])
  return [situation, ...(await Promise.all(asking.map((id) => situationOf(id, home))))]
}

/** The runs within one that came as far as being recorded, in the order in which they were asked for. */
async function partsOf({ calls }: Situation, home: StormyHome): Promise<Situation[]> {
  const ids = [...calls.values()].flatMap(({ call_id, server, purpose }) =>
    server === goalServer && purpose === 'task' ? [call_id] : [],
  )
  const recorded = await patiently(
    () => home.sql<{ run_id: string }[]>`SELECT run_id FROM remit.runs WHERE run_id = ANY (${ids}::uuid[])`,
  )
  const known = new Set(recorded.map(({ run_id }) => run_id))
  return Promise.all(ids.filter((id) => known.has(id)).map((id) => situationOf(id, home)))
}

/** A run that does not wait any more needs no answer. */
async function answer(situation: Situation, retries: Map<string, number>, { remit }: StormyHome): Promise<void> {
  const { run_id } = situation
  const tried = retries.get(run_id) ?? 0
  const choice = choiceFor(situation, tried)
  if (choice === undefined) return
  try {
    await patiently(() => remit.answer(run_id, choice))
    if (choice === 'retry') retries.set(run_id, tried + 1)
  } catch (error) {
    if (!(error instanceof Error && error.name === 'InputError')) throw error
  }
}

function choiceFor({ status, waits }: Situation, retries: number): string | undefined {
  if (status !== 'waiting') return undefined
  const wait = [...waits.values()].find((open) => open.for === 'answer')
  const offered = wait?.choices.map(({ choice }) => choice) ?? []
  const liked = retries < mostRetries ? ['extend', 'retry', 'accept'] : ['accept', 'undo']
  return liked.find((choice) => offered.includes(choice))
}
