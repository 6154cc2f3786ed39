import { createHash } from 'node:crypto'
import type Stripe from 'stripe'
import type { CallContext, Json, RequestRule } from '../../shared/capability/index.ts'
import type { BillingClient } from './stripe-client.ts'
import { failureOf } from './stripe-failure.ts'

/** What a tool of this server gets besides its arguments. */
export type BillingCall = CallContext<BillingClient>

type Send<T> = (stripe: Stripe, options: Stripe.RequestOptions) => Promise<T>

/** Requests to Stripe, as a tool declares that it needs them. */
export function requests(method: RequestRule['methods'][number], ...paths: string[]): RequestRule {
  return { endpoint: 'STRIPE_API_BASE', methods: [method], paths }
}

/** A request without an effect: when its reply is lost, it may simply be made again. */
export async function read<T>(call: BillingCall, send: Send<T>, { subject }: { subject?: string } = {}): Promise<T> {
  return attempt(call, send, {}, { effect: false, subject })
}

const pageSize = 100

/** Every object of a list, the newest first, page by page as they are needed. */
export async function* readAll<T extends { id: string }>(
  call: BillingCall,
  list: (stripe: Stripe, page: Stripe.PaginationParams, options: Stripe.RequestOptions) => Promise<Stripe.ApiList<T>>,
): AsyncGenerator<T> {
  let page: Stripe.PaginationParams = { limit: pageSize }
  for (;;) {
    const { data, has_more } = await read(call, (stripe, options) => list(stripe, page, options))
    yield* data
    const last = data.at(-1)
    if (!has_more || !last) return
    page = { limit: pageSize, starting_after: last.id }
  }
}

/**
 * A request with an effect. `step` names it within its tool, so that a tool of several requests stays one effect under
 * one key; its parameters must be the same on each attempt. `done` is what earlier steps made.
 */
export async function write<T>(
  call: BillingCall,
  step: string,
  send: Send<T>,
  { subject, done }: { subject?: string; done?: Json } = {},
): Promise<T> {
  return attempt(call, send, { idempotencyKey: stepKey(call.idempotencyKey, step) }, { effect: true, subject, done })
}

/** A deletion: it needs no key, because Stripe repeats it without harm and ignores the key. */
export async function remove<T>(call: BillingCall, send: Send<T>, { subject }: { subject: string }): Promise<T> {
  return attempt(call, send, {}, { effect: true, subject })
}

async function attempt<T>(
  call: BillingCall,
  send: Send<T>,
  options: Stripe.RequestOptions,
  context: { effect: boolean; subject: string | undefined; done?: Json | undefined },
): Promise<T> {
  // Once the caller has been answered, nothing more may go out in its name.
  call.signal.throwIfAborted()
  const timeout = Math.max(1, call.deadline.getTime() - Date.now())
  try {
    return await send(call.client.stripe, { ...options, timeout })
  } catch (error) {
    throw failureOf(error, context)
  }
}

const stripeKeyLimit = 255

function stepKey(key: string, step: string): string {
  const plain = `${key}:${step}`
  if (plain.length <= stripeKeyLimit) return plain
  return `${createHash('sha256').update(key).digest('hex')}:${step}`
}
