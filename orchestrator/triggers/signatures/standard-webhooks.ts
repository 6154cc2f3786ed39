import type { Checked, Checking, SignedRequest } from './delivery.ts'
import { faultOfTimestamp, isSigned, jsonOf, notJson, notSigned } from './signed-text.ts'

/** `webhook-id`, `webhook-timestamp` and `webhook-signature`, over all three parts. https://www.standardwebhooks.com */
export function checkStandardWebhooks(
  { header, body }: SignedRequest,
  { secrets, now }: Checking,
  toleranceS: number,
): Checked {
  const id = header('webhook-id') ?? ''
  const timestamp = header('webhook-timestamp') ?? ''
  const signatures = (header('webhook-signature') ?? '')
    .split(' ')
    .flatMap((one) => (one.startsWith('v1,') ? [one.slice('v1,'.length)] : []))
  const keys = secrets.map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
  const text = [`${id}.${timestamp}.`, body]
  if (id === '' || !isSigned(signatures, keys, { algorithm: 'sha256', encoding: 'base64', text }))
    return { refused: notSigned }
  const fault = faultOfTimestamp(timestamp, now, toleranceS)
  if (fault !== undefined) return { refused: fault }
  const payload = jsonOf(body)
  return payload === undefined ? { refused: notJson } : { delivery: { id, payload } }
}
