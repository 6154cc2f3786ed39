import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Situation } from '../../../orchestrator/model/situation.ts'
import { root } from '../remit-command.ts'
import { blowsOf, randomOf, type Victim } from './blows.ts'
import { judge } from './judge.ts'
import { emailOf, leftOutside } from './left-outside.ts'
import { patiently } from './patiently.ts'
import type { StormyHome } from './stormy-home.ts'

export interface Storm {
  /** Determines the blows, and which runs are cancelled when. */
  seed: number
  runs: number
  blows: number
}

/** How one run came through a storm. */
export interface Survivor {
  run_id: string
  /** Its status, and what became of its undo. */
  end: string
  /** What is wrong with that, one sentence each. */
  problems: string[]
}

/** How long runs may take to come to rest once the last blow has fallen. */
const calmMs = 180_000

/** How often a person tries again before going on without what cannot be had. */
const mostRetries = 3

export interface Weathered {
  /** One for each process that was killed. */
  killed: Victim[]
  /** What each blow was, in words. */
  struck: string[]
  survivors: Survivor[]
}

/** Onboards so many customers at once while processes are killed. Says which were, and how each run ended. */
export async function storm({ seed, runs, blows }: Storm, home: StormyHome): Promise<Weathered> {
  const random = randomOf(seed + 1_000_000)
  const customers: { run_id: string; slug: string }[] = []
  const cancels: Promise<void>[] = []
  for (let index = 0; index < runs; index++) {
    const slug = `storm-${seed}-${index}x`
    const run_id = await patiently(() => onboard(slug, home))
    customers.push({ run_id, slug })
    const [isCancelled, afterMs] = [random() < 0.25, 200 + random() * 3_000]
    if (isCancelled) cancels.push(sleep(afterMs).then(() => cancel(run_id, home)))
  }
  const killed: Victim[] = []
  const struck: string[] = []
  for (const blow of blowsOf(seed, blows)) {
    await sleep(blow.afterMs)
    const pid = await home.strike(blow)
    if (pid !== undefined) killed.push(blow.victim)
    struck.push(`${pid === undefined ? `no ${blow.victim}` : `${blow.victim} ${pid}`} after ${blow.afterMs} ms`)
  }
  await Promise.all(cancels)
  const end = Date.now() + calmMs
  return { killed, struck, survivors: await Promise.all(customers.map((customer) => seeThrough(customer, home, end))) }
}

function onboard(slug: string, { workplace, remit }: StormyHome): Promise<string> {
  const goal = workplace.goal('onboard')
  const acme = JSON.parse(readFileSync(join(root, 'examples', 'acme.json'), 'utf8'))
  acme.organization.slug = slug
  acme.admin.email = emailOf(slug)
  return remit.createRun(goal, workplace.checkInput(goal, acme), { detach: true })
}

/** Follows a run to its end, and answers as a person would. */
async function seeThrough(
  { run_id, slug }: { run_id: string; slug: string },
  home: StormyHome,
  end: number,
): Promise<Survivor> {
  let retries = 0
  let situation = await patiently(() => home.remit.situation(run_id))
  while (!situation.finished && Date.now() < end) {
    const choice = choiceFor(situation, retries)
    if (choice !== undefined && (await answer(run_id, choice, home)) && choice === 'retry') retries += 1
    await sleep(250)
    situation = await patiently(() => home.remit.situation(run_id))
  }
  const left = await patiently(() => leftOutside(home.path, home.sql, slug))
  const undo = situation.compensation?.status
  return {
    run_id,
    end: undo === undefined ? situation.status : `${situation.status} (undo ${undo})`,
    problems: judge(situation, left),
  }
}

function choiceFor({ status, waits }: Situation, retries: number): string | undefined {
  if (status !== 'waiting') return undefined
  const wait = [...waits.values()].find((open) => open.for === 'answer')
  const offered = wait?.choices.map(({ choice }) => choice) ?? []
  const liked = retries < mostRetries ? ['extend', 'retry', 'accept'] : ['accept', 'undo']
  return liked.find((choice) => offered.includes(choice))
}

/** False where the run did not wait any more. */
async function answer(run_id: string, choice: string, { remit }: StormyHome): Promise<boolean> {
  try {
    await patiently(() => remit.answer(run_id, choice))
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'InputError') return false
    throw error
  }
}

/** A run that has ended, or is being undone, is left alone. */
async function cancel(run_id: string, { remit }: StormyHome): Promise<void> {
  try {
    await patiently(() => remit.cancel(run_id))
  } catch (error) {
    if (!(error instanceof Error && error.name === 'InputError')) throw error
  }
}
