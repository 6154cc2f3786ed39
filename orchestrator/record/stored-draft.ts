import { canonicalJson, type Json } from '../../shared/json.ts'
import type { Draft } from '../model/event.ts'
import { type Payload, setApart } from './payloads.ts'
import { inStoredOrder, toStored } from './stored-text.ts'

/** A draft in the form in which it will lie in the record. Nothing that is done to the draft later changes what is stored. */
export interface StoredDraft {
  type: Draft['type']
  /** As a reader will get it: no undefined members, no negative zero. */
  data: Json
  /** RFC 8785 text of what is stored: what is hashed, and what Postgres gets. */
  text: string
  /** What the text refers to. */
  payloads: Payload[]
}

/** Writes a draft's data, once. Throws on what is not JSON and on what is nested too deep. */
export function storeDraft({ type, data: given }: Draft): StoredDraft {
  const ordered = inStoredOrder(given)
  if (ordered !== undefined) return { type, data: given as Json, ...partsOf(ordered, JSON.stringify(ordered)) }
  const data = JSON.parse(JSON.stringify(given)) as Json
  const stored = toStored(data)
  return { type, data, ...partsOf(stored, canonicalJson(stored)) }
}

/** `text` is the RFC 8785 text of the whole. */
function partsOf(whole: Json, text: string): Pick<StoredDraft, 'text' | 'payloads'> {
  const { value, payloads } = setApart(whole, text)
  return { text: payloads.length === 0 ? text : canonicalJson(value), payloads }
}
