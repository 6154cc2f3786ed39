import { didYouMean } from '../../../shared/nearest-name.ts'
import type { Catalogue } from '../../model/catalogue.ts'
import { comparedWith, faultOfCondition } from './condition.ts'
import { defaultRules } from './default-rules.ts'
import { guards } from './guards.ts'
import { type Rule, reasonHoles } from './rule.ts'

/** A fault of a rule; `at` is its path from the rules. */
export interface RuleFault {
  at: (string | number)[]
  message: string
}

/**
 * What the shape of rules does not tell: expressions that are none, names that the reviewed manifest does not have (such a
 * rule would match nothing, and nobody would notice), names that are taken, quotes of what nobody knows.
 */
export function checkRules(
  rules: readonly Rule[],
  { tools, servers }: Pick<Catalogue, 'tools' | 'servers'>,
): RuleFault[] {
  const known = {
    tool: [...tools.keys()],
    server: [...new Set([...servers.keys(), ...[...tools.values()].map(({ server }) => server)])],
    effect: ['read', 'create', 'update'],
    mode: ['emulated', 'live'],
  }
  return rules.flatMap((rule, index) => [
    ...faultsOfName(rule, rules.slice(0, index)).map((message) => ({ at: [index, 'name'], message })),
    ...faultsOfWhen(rule, known).map((message) => ({ at: [index, 'when'], message })),
    ...faultsOfReason(rule).map((message) => ({ at: [index, 'reason'], message })),
    ...(rule.four_eyes && rule.verdict !== 'hold'
      ? [{ at: [index, 'four_eyes'], message: `goes with hold: a rule that says ${rule.verdict} asks nobody` }]
      : []),
  ])
}

function faultsOfName({ name }: Rule, earlier: readonly Rule[]): string[] {
  if (earlier.some((rule) => rule.name === name)) return [`${name} is the name of an earlier rule: name each once`]
  const taken = name in guards || name === 'no-rule' || defaultRules.some((rule) => rule.name === name)
  return taken ? [`${name} is the name of a rule that ships: take another`] : []
}

function faultsOfWhen(
  { when }: Rule,
  known: Readonly<Record<'tool' | 'server' | 'effect' | 'mode', string[]>>,
): string[] {
  const fault = faultOfCondition(when)
  if (fault !== undefined) return [fault]
  return (Object.keys(known) as (keyof typeof known)[]).flatMap((fact) =>
    comparedWith(when, fact)
      .filter((name) => !known[fact].includes(name))
      .map((name) => `"${name}" is no ${fact} of the manifest${didYouMean(name, known[fact])}`),
  )
}

function faultsOfReason({ reason }: Rule): string[] {
  return [...reason.matchAll(/\{([^{}]*)\}/g)]
    .map(([, hole = '']) => hole)
    .filter((hole) => !reasonHoles.some((one) => one === hole))
    .map(
      (hole) => `{${hole}} stands for nothing; a reason may quote ${reasonHoles.map((one) => `{${one}}`).join(', ')}`,
    )
}
