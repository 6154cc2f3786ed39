import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { manifestSchema } from '../shared/manifest.ts'
import { defaultPolicy } from './enforce/fixtures/policies.ts'
import { loadPolicy, parsePolicy } from './load-policy.ts'
import { catalogueOf } from './model/catalogue.ts'

const root = join(import.meta.dirname, '..')
const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers', 'manifest.json'), 'utf8')))
const catalogue = catalogueOf(manifest)
const shipped = join(root, 'policy.yaml')

test('the file that ships changes nothing: the rules that ship are in force with it and without', () => {
  expect(loadPolicy(shipped, catalogue)).toEqual(defaultPolicy)
  expect(loadPolicy(join(root, 'none.yaml'), catalogue)).toEqual(defaultPolicy)
})

test('every example in the file that ships is a rule that can be taken', () => {
  const [, examples = ''] = readFileSync(shipped, 'utf8').split('rules: []')
  const uncommented = `rules:${examples.replace(/^#/gm, '')}`
  const { rules } = parsePolicy(uncommented, shipped, catalogue)
  expect(rules.length).toBeGreaterThan(defaultPolicy.rules.length + 2)
})

test('names the line of every rule that could not be judged, or would match nothing', () => {
  const text = `rules:
  - { name: typing, when: 'tol == "x"', verdict: hold, reason: r }
  - { name: grammar, when: 'tool ==', verdict: hold, reason: r }
  - { name: no-answer, when: 'tool', verdict: hold, reason: r }
  - { name: no-such-tool, when: 'tool in ["slack.post_mesage"]', verdict: hold, reason: r }
  - { name: no-such-effect, when: 'effect == "delete"', verdict: hold, reason: r }
  - { name: typing, when: true, verdict: hold, reason: '{tol} is not right' }
  - { name: reads-allowed, when: true, verdict: allow, reason: r, four_eyes: true }
`
  expect(() => parsePolicy(text, 'policy.yaml', catalogue)).toThrow(
    [
      'The policy is refused:',
      '  policy.yaml:2:27 /rules/0/when is refused: Unknown variable: tol',
      '  policy.yaml:3:28 /rules/1/when is not CEL: Unexpected token: EOF',
      '  policy.yaml:4:30 /rules/2/when is a string; it must be a yes or a no',
      '  policy.yaml:5:33 /rules/3/when "slack.post_mesage" is no tool of the manifest; did you mean slack.post_message?',
      '  policy.yaml:6:35 /rules/4/when "delete" is no effect of the manifest',
      '  policy.yaml:7:13 /rules/5/name typing is the name of an earlier rule: name each once',
      '  policy.yaml:7:56 /rules/5/reason {tol} stands for nothing; a reason may quote {task}, {tool}, {server}, {principal}, {untrusted_destinations}',
      '  policy.yaml:8:13 /rules/6/name reads-allowed is the name of a rule that ships: take another',
      '  policy.yaml:8:78 /rules/6/four_eyes goes with hold: a rule that says allow asks nobody',
    ].join('\n'),
  )
})

test('says what becomes of a run of which a server asked the network for what it may not have', () => {
  expect(parsePolicy('rules: []', 'policy.yaml', catalogue).on_denied_egress).toBe('record')
  const stopping = parsePolicy('on_denied_egress: stop', 'policy.yaml', catalogue)
  expect(stopping.on_denied_egress).toBe('stop')
  expect(stopping.digest).not.toBe(defaultPolicy.digest)
  expect(() => parsePolicy('on_denied_egress: halt', 'policy.yaml', catalogue)).toThrow(
    /policy.yaml:1:\d+ \/on_denied_egress /,
  )
})
