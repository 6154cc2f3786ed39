import { createHmac } from 'node:crypto'

/** The header `Stripe-Signature` of a payload: HMAC-SHA256 over `<seconds>.<payload>` with the endpoint's secret. */
export function webhookSignature(payload: string, secret: string, seconds: number): string {
  const v1 = createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex')
  return `t=${seconds},v1=${v1}`
}
