import { existsSync, readFileSync } from 'node:fs'
import { checkRules } from './enforce/policy/check-rules.ts'
import { type Policy, policyOf } from './enforce/policy/policy.ts'
import { policyFileSchema } from './enforce/policy/rule.ts'
import type { Catalogue } from './model/catalogue.ts'
import { parseYaml } from './parse-yaml.ts'

/** The policy of a file; without the file, the rules that ship. Throws a `YamlError` with the line of every fault. */
export function loadPolicy(file: string, catalogue: Pick<Catalogue, 'tools' | 'servers'>): Policy {
  return existsSync(file) ? parsePolicy(readFileSync(file, 'utf8'), file, catalogue) : policyOf([])
}

/** The policy that a YAML text describes; `file` is what errors call it. Throws a `YamlError`. */
export function parsePolicy(text: string, file: string, catalogue: Pick<Catalogue, 'tools' | 'servers'>): Policy {
  const { rules, on_denied_egress } = parseYaml(text, file, {
    what: 'policy',
    schema: policyFileSchema,
    check: (parsed) =>
      checkRules(parsed.rules, catalogue).map(({ at, message }) => ({ at: ['rules', ...at], message })),
  })
  return policyOf(rules, on_denied_egress)
}
