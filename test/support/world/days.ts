import type { Fault, FaultPlan } from './fault.ts'
import type { Day } from './onboarding.ts'

const always = (fault: Fault) => ({ calls: [fault], always: true })
const hopeless: FaultPlan = {
  'provisioning.create_workspace': always('half'),
  'provisioning.repair_workspace': always('declined'),
}
const declined: FaultPlan = { 'billing.create_subscription': always('declined') }

/** The days on which workers are killed at every boundary: good and bad ones, with waits, pauses, lookups and undos. */
export const days: Record<string, Day> = {
  'a good day': { faults: {} },
  'a day of back-off': {
    faults: {
      'billing.create_customer': { calls: ['unavailable', 'unavailable'] },
      'slack.post_message': { calls: ['rate_limited'] },
      'provisioning.create_workspace': { calls: ['half', 'slow'] },
    },
  },
  'a day of lost replies': {
    faults: {
      'organizations.create_organization': { calls: ['lost_late'] },
      'billing.create_customer': { calls: ['lost_after'] },
      'billing.create_subscription': { calls: ['lost_late'] },
      'email.send_onboarding_email': { calls: ['lost_after'] },
      'slack.post_message': { calls: ['lost_before'] },
    },
  },
  'a day that is undone': { faults: hopeless },
  'a day whose undo has troubles of its own': {
    faults: {
      ...hopeless,
      'billing.delete_customer': { calls: ['unavailable', 'lost_after'] },
      'organizations.delete_organization': { calls: ['lost_late'] },
    },
  },
  'a day with a declined card and another try': { faults: declined, answers: [{ faults: {}, choice: 'retry' }] },
  'a day with a declined card and an undo': { faults: declined, answers: [{ faults: {}, choice: 'undo' }] },
  'a day with a message that is held and approved': {
    faults: {},
    hold: ['slack.post_message'],
    answers: [{ faults: {}, choice: 'approve' }],
  },
  'a day that is cancelled in the middle': { faults: {}, cancelAtCall: 4 },
  'a day with a list of customers': { goal: 'onboard-all', faults: {} },
  'a day with a list that is cancelled in the middle': { goal: 'onboard-all', faults: {}, cancelAtCall: 4 },
  'a day with a list that is refused, and another try': {
    goal: 'onboard-all',
    faults: { 'organizations.create_organization': always('declined') },
    answers: [{ faults: {}, choice: 'retry' }],
  },
}
