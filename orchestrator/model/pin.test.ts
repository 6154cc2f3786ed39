import { expect, test } from 'vitest'
import { type FingerprintedTool, fingerprint, serverManifestSchema } from '../../shared/manifest.ts'
import { catalogueOf, type Tool } from './catalogue.ts'
import { type Pin, pinOf, withPins } from './pin.ts'

const reviewed = {
  name: 'send_money',
  description: 'Sends money.',
  inputSchema: { type: 'object' },
  outputSchema: { type: 'object' },
}
const live: FingerprintedTool = {
  name: 'send_money',
  description: 'Sends money abroad, too.',
  inputSchema: { type: 'object', properties: { country: { type: 'string' } } },
  annotations: { destructiveHint: true },
}

function bankSaying(description: string) {
  const server = serverManifestSchema.parse({
    name: 'bank',
    title: 'Bank',
    version: '1.0.0',
    description: '',
    command: ['node'],
    tools: [
      {
        name: 'send_money',
        title: 'Send money',
        description,
        input: reviewed.inputSchema,
        output: reviewed.outputSchema,
        effect: 'create',
        idempotency: 'none',
        establishes: ['bank.transfer'],
        marks: { input: {}, output: {} },
        fingerprint: fingerprint({ ...reviewed, description }),
      },
    ],
  })
  return catalogueOf({ version: 1, servers: [server] })
}

const bank = bankSaying('Sends money.')
const tool = (catalogue = bank) => catalogue.tools.get('bank.send_money') as Tool
const accepted = { by: 'local:ada', at: '2026-01-01T00:00:00.000Z' }
const pin = pinOf(tool(), live, accepted) as Pin

test('an accepted tool is as its running server tells it; what only a reviewer says stays', () => {
  const pinned = withPins(bank, [pin])
  expect(tool(pinned)).toMatchObject({
    description: live.description,
    input: live.inputSchema,
    annotations: live.annotations,
    fingerprint: fingerprint(live),
    effect: 'create',
    establishes: ['bank.transfer'],
    pinned: { over: tool().fingerprint, ...accepted },
  })
  expect(tool(pinned).output).toBeUndefined()
  expect(pinned.servers.get('bank')?.tools[0]?.fingerprint).toBe(fingerprint(live))
  expect(pinned.digest).not.toBe(bank.digest)
})

test('a pin counts no more once the manifest says something else of the tool', () => {
  const changed = bankSaying('Sends money, slowly.')
  expect(withPins(changed, [pin])).toBe(changed)
})

test('what is accepted after a pin stands in for the manifest, not for the pin', () => {
  const again = pinOf(tool(withPins(bank, [pin])), { ...live, description: 'Third.' }, accepted) as Pin
  expect(again.over).toBe(tool().fingerprint)
  expect(tool(withPins(bank, [pin, again])).description).toBe('Third.')
})

test('a definition with annotations that no manifest could have cannot be accepted', () => {
  expect(pinOf(tool(), { ...live, annotations: { destructiveHint: { deep: true } } }, accepted)).toBeUndefined()
})
