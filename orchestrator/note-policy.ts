import { isJsonObject } from '../shared/json.ts'
import type { Policy } from './enforce/policy/policy.ts'
import { draft } from './model/event.ts'
import type { Journal } from './record/journal.ts'
import type { OpenRecord } from './record/open-record.ts'

/** Records the rules that are in force from now on, unless they are those that were loaded last: a digest alone says no rules. */
export async function notePolicy(
  { journal, lastNoted }: Pick<OpenRecord, 'lastNoted'> & { journal: Pick<Journal, 'note'> },
  { digest, rules }: Policy,
  { file, by }: { file: string; by: string },
): Promise<void> {
  const last = await lastNoted('policy_loaded')
  if (isJsonObject(last) && last.digest === digest) return
  const details = { digest, file, by, rules: rules.map((rule) => ({ ...rule })) }
  await journal.note([draft('system_noted', { what: 'policy_loaded', details })])
}
