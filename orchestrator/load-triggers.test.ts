import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadTriggers } from './load-triggers.ts'
import { knownReasoners } from './reasoners.ts'
import { triggerSecrets } from './trigger-secrets.ts'

const examples = join(import.meta.dirname, '..', 'examples', 'triggers')
const known = { goals: ['onboard'], reasoners: knownReasoners({}) }
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-triggers-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('every example that ships can be taken', () => {
  expect(loadTriggers([examples], known).map(({ trigger }) => trigger)).toEqual([
    'partner-orders',
    'signups',
    'weekly-demo',
  ])
})

test('names the line of everything in a trigger that could not work', () => {
  const file = join(folder, 'wrong.yaml')
  writeFileSync(
    file,
    `trigger: wrong
goal: onbord
reasoner: claude
when: paylod.type == "x"
input:
  a: { $pointer: no-slash }
  b: { $cel: 'size(' }
  c: { $pointer: /a, $cel: 'x' }
on:
  webhook:
    source: hmac
    header: X-Signature
    secrets: [{ env: S }]
    timestamp_header: X-Time
`,
  )
  expect(() => loadTriggers([folder], known)).toThrow(
    [
      'The trigger is refused:',
      `  ${file}:6:18 /input/a/$pointer "no-slash" is not a JSON pointer: it must start with "/"`,
      `  ${file}:7:14 /input/b/$cel is not CEL: Unexpected token: EOF`,
      `  ${file}:8:6 /input/c must be {$pointer: /a/b} or {$cel: "…"}, and nothing beside it`,
      `  ${file}:2:7 /goal onbord is no goal; did you mean onboard?`,
      `  ${file}:3:11 /reasoner claude cannot decide here: it needs ANTHROPIC_API_KEY`,
      `  ${file}:4:7 /when is refused: Unknown variable: paylod`,
      `  ${file}:14:23 /on/webhook/timestamp_header is not signed, so anybody could change it: put {timestamp} into signs, or leave it out`,
    ].join('\n'),
  )
})

test('takes no secret that stands in the file, and no webhook without one', () => {
  const secrets = ['[whsec_plain]', '[]']
  for (const given of secrets) {
    writeFileSync(
      join(folder, 'a.yaml'),
      `{ trigger: a, goal: onboard, on: { webhook: { source: github, secrets: ${given} } } }`,
    )
    expect(() => loadTriggers([folder], known)).toThrow('/on')
  }
})

test('refuses two triggers of one name, and two that listen to one queue', () => {
  cpSync(examples, folder, { recursive: true })
  expect(() => loadTriggers([folder, examples], known)).toThrow('The trigger partner-orders is in')
  writeFileSync(join(folder, 'z.yaml'), '{ trigger: z, goal: onboard, on: { queue: orders } }')
  expect(() => loadTriggers([folder], known)).toThrow('The queue orders is in')
})

test('secrets are read from the environment and from files, anew each time, and what is missing is named', async () => {
  const from = { folder, environment: { A: 'one' } }
  writeFileSync(join(folder, 'secret'), 'two\n')
  expect(await triggerSecrets([{ env: 'A' }, { file: 'secret' }], from)).toEqual(['one', 'two'])
  writeFileSync(join(folder, 'secret'), 'three\n')
  expect(await triggerSecrets([{ file: 'secret' }], from)).toEqual(['three'])
  await expect(triggerSecrets([{ env: 'B' }], from)).rejects.toThrow('no B')
  await expect(triggerSecrets([{ file: 'none' }], from)).rejects.toThrow('none is empty, or not to be read')
})
