import type { Verdict } from '../../model/call.ts'
import { holds } from './condition.ts'
import { type Facts, factsOf } from './facts.ts'
import { guard } from './guards.ts'
import type { Policy } from './policy.ts'
import type { Proposal } from './proposal.ts'
import { type Rule, reasonHoles } from './rule.ts'

/**
 * Policy's answer on one call, and the rule that gave it: the guards, then the first rule that matches. A rule that cannot be
 * judged might have matched, so it is taken to: where it would deny it denies, else a person is asked.
 */
export function judge(proposal: Proposal, policy: Policy): Verdict {
  const guarded = guard(proposal)
  if (guarded) return guarded
  const { tool, task } = proposal
  if (!tool) throw new TypeError(`judge: the guards let ${task.tool} pass, which nobody has reviewed`)
  const facts = factsOf(tool, proposal)
  for (const rule of policy.rules) {
    const answer = holds(rule.when, facts)
    if (answer === false) continue
    if (answer === true) return verdictOf(rule, rule.verdict, reasonOf(rule, facts, task.id))
    return verdictOf(
      rule,
      rule.verdict === 'deny' ? 'deny' : 'hold',
      `the rule ${rule.name} cannot be judged for ${tool.id}: ${answer.cannotJudge}`,
    )
  }
  return { verdict: 'deny', rule: 'no-rule', reason: `no rule allows ${tool.id}` }
}

function verdictOf({ name, four_eyes }: Rule, answer: Verdict['verdict'], reason: string): Verdict {
  return { verdict: answer, rule: name, reason, ...(answer === 'hold' && four_eyes && { four_eyes: true as const }) }
}

const holes = new RegExp(`\\{(${reasonHoles.join('|')})\\}`, 'g')

function reasonOf({ reason }: Rule, facts: Facts, task: string): string {
  return reason.replace(holes, (_, hole: (typeof reasonHoles)[number]) =>
    [hole === 'task' ? task : facts[hole]].flat().join(', '),
  )
}
