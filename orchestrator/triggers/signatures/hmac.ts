import type { Webhook } from '../trigger.ts'
import type { Checked, Checking, SignedRequest } from './delivery.ts'
import { bodyId, faultOfTimestamp, isSigned, jsonOf, notJson, notSigned } from './signed-text.ts'

/** A sender of its own making: its definition says what is signed, how, and where the signature stands. */
export function checkHmac(
  { header, body }: SignedRequest,
  { secrets, now }: Checking,
  webhook: Extract<Webhook, { source: 'hmac' }>,
): Checked {
  const { algorithm, encoding, prefix, signs, timestamp_header, id_header, tolerance_s } = webhook
  const given = header(webhook.header.toLowerCase()) ?? ''
  const timestamp = timestamp_header === undefined ? undefined : (header(timestamp_header.toLowerCase()) ?? '')
  const id = id_header === undefined ? undefined : (header(id_header.toLowerCase()) ?? '')
  const known: Record<string, string | Buffer> = { '{body}': body, '{timestamp}': timestamp ?? '', '{id}': id ?? '' }
  const text = signs.split(/(\{body\}|\{timestamp\}|\{id\})/).map((part) => known[part] ?? part)
  if (!given.startsWith(prefix) || !isSigned([given.slice(prefix.length)], secrets, { algorithm, encoding, text }))
    return { refused: notSigned }
  const fault = timestamp === undefined ? undefined : faultOfTimestamp(timestamp, now, tolerance_s)
  if (fault !== undefined) return { refused: fault }
  if (id === '') return { refused: `the header ${id_header} is missing` }
  const payload = jsonOf(body)
  return payload === undefined ? { refused: notJson } : { delivery: { id: id ?? bodyId(body), payload } }
}
