import type { Json } from '../../../shared/json.ts'

/** A request as a webhook's sender made it: the body byte for byte, since that is what was signed. */
export interface SignedRequest {
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined
  body: Buffer
}

/** What a signature is checked with. */
export interface Checking {
  /** Any of them may have signed. */
  secrets: readonly string[]
  now: Date
}

/** What a sender delivered, once it is known to be theirs. The id is part of what was signed: nobody else can choose another. */
export interface Delivery {
  id: string
  payload: Json
}

/** What becomes of a request: a delivery, an answer that the sender's set-up asks for, or why it is refused. */
export type Checked = { delivery: Delivery } | { reply: Json } | { refused: string }
