import type { Situation } from '../../../orchestrator/model/situation.ts'
import { allOutside, type LeftOutside } from './left-outside.ts'

/** Which systems each tool of an onboarding leaves something in. */
const traces: Record<string, (keyof LeftOutside)[]> = {
  'organizations.create_organization': ['organizations'],
  'provisioning.create_workspace': ['databases', 'roles'],
  'provisioning.repair_workspace': ['databases', 'roles'],
  'billing.create_customer': ['customers', 'subscriptions'],
  'billing.create_subscription': ['subscriptions'],
  'email.send_onboarding_email': ['mails'],
  'slack.post_message': ['messages'],
}

/** Which outcome each system is about; a customer without a subscription may stay where people went on without one. */
const outcomes: Record<keyof LeftOutside, string> = {
  organizations: 'organizations.organization',
  databases: 'provisioning.workspace',
  roles: 'provisioning.workspace',
  customers: 'billing.subscription',
  subscriptions: 'billing.subscription',
  mails: 'email.onboarding',
  messages: 'slack.message',
}

/**
 * What is wrong with how the runs for one customer ended, one sentence each: the last did not end, there is something twice,
 * a success is not whole, or an undo is not clean and no run says so. Where no run was begun, nothing may be there.
 */
export function judge(runs: readonly Situation[], left: LeftOutside): string[] {
  const last = runs.at(-1)
  if (last && !last.finished) return [`it is ${last.status}, and has not ended`]
  const twice = systems.filter((system) => left[system] > 1).map((system) => `${left[system]} ${system}, not one`)
  return [...twice, ...(last?.status === 'succeeded' ? missing(last, left) : leftovers(runs, left))]
}

/** What is wrong between a list and the runs of its customers: a success without one, or an end that forgot one. */
export function judgeList(list: Situation, parts: readonly Situation[]): string[] {
  if (!list.finished) return [`it is ${list.status}, and has not ended`]
  const succeeded = new Set(parts.filter(({ status }) => status === 'succeeded').map(({ run_id }) => run_id))
  const asked = [...list.tasks.values()].filter(({ item_of }) => item_of !== undefined)
  if (list.status === 'succeeded' && !list.waived.has('goals.onboard') && succeeded.size < asked.length)
    return [`it succeeded with ${succeeded.size} of ${asked.length} customers`]
  const named = new Set((list.compensation?.remaining ?? []).map(({ call_id }) => call_id))
  const forgotten = list.status === 'succeeded' ? [] : [...succeeded].filter((id) => !named.has(id))
  return forgotten.map((id) => `it ${list.status}, and run ${id} still stands`)
}

const systems = Object.keys(allOutside) as (keyof LeftOutside)[]

function missing({ waived }: Situation, left: LeftOutside): string[] {
  return systems
    .filter((system) => !waived.has(outcomes[system]) && left[system] < allOutside[system])
    .map((system) => `it succeeded, and there are no ${system}`)
}

function leftovers(runs: readonly Situation[], left: LeftOutside): string[] {
  const remaining = runs.flatMap(({ compensation }) => compensation?.remaining ?? [])
  const named = new Set(remaining.flatMap(({ tool }) => traces[tool] ?? []))
  const last = runs.at(-1)
  const end = last ? `${last.status} (undo ${last.compensation?.status ?? 'none'})` : 'was never begun'
  return systems
    .filter((system) => left[system] > 0 && !named.has(system))
    .map((system) => `it ${end}, and there are ${system} left`)
}
