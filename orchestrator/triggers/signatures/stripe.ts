import { isJsonObject } from '../../../shared/json.ts'
import type { Checked, Checking, SignedRequest } from './delivery.ts'
import { faultOfTimestamp, idIn, isSigned, jsonOf, notJson, notSigned } from './signed-text.ts'

/** `Stripe-Signature: t=…,v1=…`, over the timestamp and the body. https://docs.stripe.com/webhooks/signature */
export function checkStripe({ header, body }: SignedRequest, { secrets, now }: Checking, toleranceS: number): Checked {
  const parts = (header('stripe-signature') ?? '').split(',').map((part) => part.trim().split('=', 2))
  const valuesOf = (name: string) => parts.flatMap(([key, value]) => (key === name && value ? [value] : []))
  const [timestamp = ''] = valuesOf('t')
  const text = [`${timestamp}.`, body]
  if (!isSigned(valuesOf('v1'), secrets, { algorithm: 'sha256', encoding: 'hex', text })) return { refused: notSigned }
  const fault = faultOfTimestamp(timestamp, now, toleranceS)
  if (fault !== undefined) return { refused: fault }
  const payload = jsonOf(body)
  if (payload === undefined) return { refused: notJson }
  return { delivery: { id: idIn(isJsonObject(payload) ? payload.id : undefined, body), payload } }
}
