import { modelOf, onboardingTasks } from '../support/model/onboarding-model.ts'
import type { Fault, FaultPlan } from '../support/world/fault.ts'
import { officeVendors, shippedGoals } from '../support/world/office/office.ts'
import { undone, waitsFor, whole } from './judges.ts'
import type { Scenario } from './scenario.ts'

const { catalogue, goals } = shippedGoals()
const { goal: onboard, input } = goals.onboard
const acme = { ...input, tax_id: { $sealed: 'v1.a.b.c' } }

const once = (...calls: Fault[]) => ({ calls })
const always = (fault: Fault) => ({ calls: [fault], always: true })

/** The flagship goal on a good day and on the days that can be rehearsed by name. */
export const onboardingScenarios: Scenario[] = [
  day('onboarding', {}, whole),
  day('billing=flaky', { 'billing.create_customer': once('unavailable', 'unavailable') }, whole),
  day('billing=down', { 'billing.create_customer': always('unavailable') }, waitsFor('billing.subscription')),
  day('billing=lost', { 'billing.create_subscription': once('lost_after') }, whole),
  day('billing=declined', { 'billing.create_subscription': always('declined') }, waitsFor('billing.subscription')),
  day('email=bounce', { 'email.send_onboarding_email': always('declined') }, waitsFor('email.onboarding')),
  day('email=defer', { 'email.send_onboarding_email': once('unavailable', 'unavailable') }, whole),
  day('slack=limited', { 'slack.post_message': once('rate_limited', 'rate_limited') }, whole),
  day('slack=revoked', { 'slack.post_message': always('refused') }, waitsFor('slack.message')),
  day('provisioning=partial', { 'provisioning.create_workspace': once('half') }, whole),
  day(
    'provisioning=broken',
    {
      'provisioning.create_workspace': always('half'),
      'provisioning.repair_workspace': always('declined'),
    },
    undone,
  ),
]

function day(name: string, faults: FaultPlan, judge: Scenario['judge']): Scenario {
  return {
    name,
    catalogue,
    goal: onboard,
    input: acme,
    vendors: officeVendors,
    faults,
    script: modelOf(onboardingTasks),
    judge,
  }
}
