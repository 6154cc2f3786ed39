import type Stripe from 'stripe'
import { z } from 'zod'
import type { BillingCall } from './stripe-request.ts'

/** What every object says, in its metadata, of the call that made it. */
export function madeBy({ call, idempotencyKey }: BillingCall): { remit_run: string; remit_key: string } {
  return { remit_run: call.runId, remit_key: idempotencyKey }
}

/** By what a lookup tells the object of one call from others that look the same, also when Stripe has forgotten the key. */
export const makerFields = {
  key: z.string().min(1).max(255).optional().describe('The idempotency key of the call that made it'),
  this_run: z.boolean().default(false).describe('Only what was made by the run that asks'),
}

/** The metadata that an object has to have to be what the lookup is for. */
export function makerWanted(
  { key, this_run }: { key?: string | undefined; this_run: boolean },
  { call }: BillingCall,
): Record<string, string> {
  return { ...(key !== undefined && { remit_key: key }), ...(this_run && { remit_run: call.runId }) }
}

/** Whether an object has all of the metadata. */
export function hasMetadata(object: { metadata: Stripe.Metadata }, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => object.metadata[name] === value)
}
