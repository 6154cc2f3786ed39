import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonObject } from '../../../shared/json.ts'
import { root } from '../remit-command.ts'
import { blowsOf, randomOf, type Victim } from './blows.ts'
import { emailOf } from './left-outside.ts'
import { patiently } from './patiently.ts'
import { type Order, type Survivor, seeThrough } from './see-through.ts'
import type { StormyHome } from './stormy-home.ts'

export interface Storm {
  /** Determines the blows, which orders are lists, and which are cancelled when. */
  seed: number
  runs: number
  blows: number
}

/** How long runs may take to come to rest once the last blow has fallen. */
const calmMs = 180_000

export interface Weathered {
  /** One for each process that was killed. */
  killed: Victim[]
  /** What each blow was, in words. */
  struck: string[]
  survivors: Survivor[]
}

/**
 * Onboards so many customers, or short lists of them, at once while processes are killed. Says which were, and how each
 * run ended.
 */
export async function storm({ seed, runs, blows }: Storm, home: StormyHome): Promise<Weathered> {
  const random = randomOf(seed + 1_000_000)
  const orders: Order[] = []
  const cancels: Promise<void>[] = []
  for (let index = 0; index < runs; index++) {
    const [isCancelled, afterMs, isList] = [random() < 0.25, 200 + random() * 3_000, random() < 0.25]
    const slugs = (isList ? ['x', 'y'] : ['x']).map((letter) => `storm-${seed}-${index}${letter}`)
    const run_id = await patiently(() => onboard(slugs, home))
    orders.push({ run_id, slugs })
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
  return { killed, struck, survivors: await Promise.all(orders.map((order) => seeThrough(order, home, end))) }
}

function onboard(slugs: readonly string[], { workplace, remit }: StormyHome): Promise<string> {
  const [customer, ...others] = slugs.map(customerOf)
  const isList = others.length > 0
  const goal = workplace.goal(isList ? 'onboard-all' : 'onboard')
  const input = isList ? { customers: [customer, ...others] } : customer
  return remit.createRun(goal, workplace.checkInput(goal, input as JsonObject), { detach: true })
}

function customerOf(slug: string): JsonObject {
  const acme = JSON.parse(readFileSync(join(root, 'examples', 'acme.json'), 'utf8'))
  acme.organization.slug = slug
  acme.admin.email = emailOf(slug)
  return acme
}

/** A run that has ended, or is being undone, is left alone. */
async function cancel(run_id: string, { remit }: StormyHome): Promise<void> {
  try {
    await patiently(() => remit.cancel(run_id))
  } catch (error) {
    if (!(error instanceof Error && error.name === 'InputError')) throw error
  }
}
