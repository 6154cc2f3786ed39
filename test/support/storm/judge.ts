import type { Situation } from '../../../orchestrator/model/situation.ts'
import { allOutside, type LeftOutside, nothingOutside } from './left-outside.ts'

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
 * What is wrong with how a run ended, one sentence each: it did not end, there is something twice, a success is not whole,
 * or an undo is not clean and does not say so.
 */
export function judge(situation: Situation, left: LeftOutside): string[] {
  const { finished, status } = situation
  if (!finished) return [`it is ${status}, and has not ended`]
  const systems = Object.keys(allOutside) as (keyof LeftOutside)[]
  const twice = systems.filter((system) => left[system] > 1).map((system) => `${left[system]} ${system}, not one`)
  return [...twice, ...(status === 'succeeded' ? missing(situation, left) : leftovers(situation, left))]
}

function missing({ waived }: Situation, left: LeftOutside): string[] {
  const systems = Object.keys(allOutside) as (keyof LeftOutside)[]
  return systems
    .filter((system) => !waived.has(outcomes[system]) && left[system] < allOutside[system])
    .map((system) => `it succeeded, and there are no ${system}`)
}

function leftovers({ compensation, status }: Situation, left: LeftOutside): string[] {
  const named = new Set((compensation?.remaining ?? []).flatMap(({ tool }) => traces[tool] ?? []))
  const systems = Object.keys(nothingOutside) as (keyof LeftOutside)[]
  return systems
    .filter((system) => left[system] > 0 && !named.has(system))
    .map((system) => `it ${status} (undo ${compensation?.status ?? 'none'}), and there are ${system} left`)
}
