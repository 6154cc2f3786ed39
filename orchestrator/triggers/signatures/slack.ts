import { isJsonObject, type Json } from '../../../shared/json.ts'
import type { Checked, Checking, SignedRequest } from './delivery.ts'
import { bodyId, faultOfTimestamp, idIn, isSigned, jsonOf, notSigned } from './signed-text.ts'

/**
 * `X-Slack-Signature: v0=…`, over the version, the timestamp and the body. Events come as JSON, commands and interactions as
 * forms. https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function checkSlack({ header, body }: SignedRequest, { secrets, now }: Checking, toleranceS: number): Checked {
  const timestamp = header('x-slack-request-timestamp') ?? ''
  const [, signature = ''] = /^v0=(.*)$/.exec(header('x-slack-signature') ?? '') ?? []
  const text = [`v0:${timestamp}:`, body]
  if (!isSigned([signature], secrets, { algorithm: 'sha256', encoding: 'hex', text })) return { refused: notSigned }
  const fault = faultOfTimestamp(timestamp, now, toleranceS)
  if (fault !== undefined) return { refused: fault }
  const payload = jsonOf(body) ?? formOf(body)
  if (!isJsonObject(payload)) return { delivery: { id: bodyId(body), payload } }
  if (payload.type === 'url_verification' && typeof payload.challenge === 'string')
    return { reply: { challenge: payload.challenge } }
  return { delivery: { id: idIn(payload.event_id, body), payload } }
}

/** An interaction is JSON in the field `payload` of its form. */
function formOf(body: Buffer): Json {
  const fields = Object.fromEntries(new URLSearchParams(body.toString('utf8')))
  return (fields.payload === undefined ? undefined : jsonOf(Buffer.from(fields.payload))) ?? fields
}
