import type { Rule } from './rule.ts'

/** What a call is judged by when no rule of the operator matches it. */
export const defaultRules: readonly Rule[] = [
  {
    name: 'tainted-destination-held',
    when: 'tainted && untrusted_destinations.size() > 0',
    verdict: 'hold',
    reason: '{task} would send data to {untrusted_destinations} of {tool}, which neither the input nor the goal gave',
    four_eyes: false,
  },
  {
    name: 'reads-allowed',
    when: 'effect == "read"',
    verdict: 'allow',
    reason: '{tool} only reads',
    four_eyes: false,
  },
  {
    name: 'creates-and-updates-by-reviewed-servers',
    when: 'effect in ["create", "update"]',
    verdict: 'allow',
    reason: '{server} was reviewed',
    four_eyes: false,
  },
]
