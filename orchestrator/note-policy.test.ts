import { expect, test } from 'vitest'
import type { Json } from '../shared/json.ts'
import { defaultPolicy, holding } from './enforce/fixtures/policies.ts'
import type { Draft } from './model/event.ts'
import { notePolicy } from './note-policy.ts'

test('a policy is recorded with its rules when it is another than the last one, and only then', async () => {
  const noted: Draft[] = []
  const record = {
    lastNoted: async (): Promise<Json | undefined> => {
      const last = noted.at(-1)
      return last?.type === 'system_noted' ? last.data.details : undefined
    },
    journal: {
      note: async (drafts: readonly Draft[]) => {
        noted.push(...drafts)
        return []
      },
    },
  }
  const from = { file: 'policy.yaml', by: 'local:ada' }
  for (const policy of [defaultPolicy, defaultPolicy, holding('a.b'), holding('a.b'), defaultPolicy])
    await notePolicy(record, policy, from)
  const digests = noted.map((draft) => draft.type === 'system_noted' && Object(draft.data.details).digest)
  expect(digests).toEqual([defaultPolicy.digest, holding('a.b').digest, defaultPolicy.digest])
  expect(noted[1]).toMatchObject({ data: { what: 'policy_loaded', details: { ...from, rules: holding('a.b').rules } } })
})
