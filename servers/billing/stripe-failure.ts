import Stripe from 'stripe'
import {
  CapabilityError,
  type Failure,
  type Json,
  notSentFailure,
  UncertainError,
} from '../../shared/capability/index.ts'
import { causeWithCode, neverSent } from '../../shared/never-sent.ts'
import { notStripes } from './stripe-client.ts'

/** What is known of the request that failed. */
interface FailedRequest {
  /** Whether Stripe may have changed something because of it. */
  effect: boolean
  /** JSON pointer of the argument that the request is about, where Stripe's own parameter does not say it. */
  subject?: string | undefined
  /** What earlier requests of the same call made. */
  done?: Json | undefined
}

/**
 * Turns what the SDK threw into a failure of ours. Whether the effect may have happened decides between failed and
 * uncertain; Stripe's own text is never passed on, because it can quote a key or a customer's data.
 */
export function failureOf(error: unknown, request: FailedRequest): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error
  const notSent = notSentFailure(error.statusCode, error.headers, 'Stripe', error)
  if (notSent) return notSent
  const details = { cause: error, ...vendorCode(error), ...(request.done !== undefined && { done: request.done }) }

  if (error.code === notStripes)
    return lost(`What answered in Stripe's place is not Stripe (HTTP ${error.statusCode}).`, request, details)
  if (error instanceof Stripe.errors.StripeConnectionError) return connectionFailure(error, request, details)
  if (error instanceof Stripe.errors.StripeCardError) {
    const wantsAction = error.code?.endsWith('_requires_action') === true
    const why = plain(error.decline_code || error.code || 'no reason given')
    const message = wantsAction
      ? `The bank wants the card's holder to confirm the payment (${why}); nothing was charged.`
      : `The card was declined (${why}); another payment method is needed.`
    return new CapabilityError('declined', message, {
      ...details,
      issues: [{ path: '/payment_method', message: wantsAction ? "needs its holder's confirmation" : 'was declined' }],
    })
  }
  if (error instanceof Stripe.errors.StripeRateLimitError) {
    return new CapabilityError('rate_limited', 'Stripe takes no more requests for the moment.', {
      ...details,
      ...retryAfter(error),
    })
  }
  if (
    error instanceof Stripe.errors.StripeAuthenticationError ||
    error instanceof Stripe.errors.StripePermissionError
  ) {
    return new CapabilityError('unauthorized', 'Stripe refused the key in STRIPE_API_KEY for this request.', details)
  }
  if (error instanceof Stripe.errors.StripeIdempotencyError) {
    const message = 'Stripe knows this idempotency key from a request with other parameters.'
    return new CapabilityError('conflict', message, details)
  }
  if (error instanceof Stripe.errors.StripeInvalidRequestError) return invalidRequest(error, request, details)
  return apiFailure(error, request, details)
}

type Details = Partial<Failure> & { cause: unknown }

function connectionFailure(
  { detail }: Stripe.errors.StripeConnectionError,
  request: FailedRequest,
  details: Details,
): Error {
  if (neverSent(detail)) {
    return new CapabilityError('unavailable', 'Stripe cannot be reached; the request was not sent.', {
      ...details,
      vendor_code: causeWithCode(detail).code ?? 'unknown',
    })
  }
  return lost('The connection to Stripe ended before its reply came.', request, details)
}

function invalidRequest(
  error: Stripe.errors.StripeInvalidRequestError,
  { subject }: FailedRequest,
  details: Details,
): Error {
  const path = argumentPaths[error.param ?? ''] ?? subject
  if (error.code === 'resource_missing') {
    const where = path === undefined ? '' : ` named by ${path}`
    return new CapabilityError('not_found', `Stripe has no such object${where} in the account and mode of the key.`, {
      ...details,
      ...(path !== undefined && { issues: [{ path, message: 'names nothing that Stripe has' }] }),
    })
  }
  const code = error.code === undefined ? '' : ` (${plain(error.code)})`
  const parameter = error.param === undefined ? '' : `; its parameter: ${plain(error.param)}`
  return new CapabilityError('invalid_input', `Stripe does not accept the request${code}${parameter}.`, {
    ...details,
    ...(path !== undefined && { issues: [{ path, message: `is refused by Stripe${code}` }] }),
  })
}

const notImplemented = 501
const inFlight = 'idempotency_key_in_use'

function apiFailure(error: Stripe.errors.StripeError, request: FailedRequest, details: Details): Error {
  const { statusCode } = error
  if (statusCode === notImplemented) {
    return new CapabilityError('internal', 'What answers as Stripe does not support this request.', details)
  }
  if (statusCode === 409 && error.code === inFlight) {
    return lost('An earlier request with the same idempotency key is still under way.', request, details)
  }
  if (statusCode === 409) {
    return new CapabilityError('conflict', 'Stripe refuses the request: it conflicts with another.', details)
  }
  return lost(`Stripe answered with an error of its own (HTTP ${statusCode ?? 'without a status'}).`, request, details)
}

/** The reply that would have told is missing: harmless for a read, and for anything else nobody knows. */
function lost(message: string, { effect }: FailedRequest, details: Details): Error {
  if (!effect) return new CapabilityError('unavailable', message, details)
  return new UncertainError(`${message} Whether the effect happened is unknown.`, details)
}

function vendorCode(error: Stripe.errors.StripeError): { vendor_code?: string } {
  const code = error.decline_code || error.code
  return code ? { vendor_code: plain(code) } : {}
}

function retryAfter({ headers }: Stripe.errors.StripeError): { retry_after_ms?: number } {
  const seconds = Number(headers?.['retry-after'])
  return Number.isFinite(seconds) && seconds >= 0 ? { retry_after_ms: Math.ceil(seconds * 1000) } : {}
}

/** Keeps only what Stripe's codes and parameter names are made of. */
function plain(text: string): string {
  return text.replace(/[^\w[\].-]/g, '').slice(0, 80)
}

/** Stripe's parameter → the argument that it came from. */
const argumentPaths: Record<string, string> = {
  customer: '/customer_id',
  default_payment_method: '/payment_method',
  payment_method: '/payment_method',
  email: '/email',
  name: '/name',
  'address[country]': '/country',
  'tax_id_data[0][type]': '/tax_id',
  'tax_id_data[0][value]': '/tax_id',
  'items[0][price]': '/price',
  'items[0][quantity]': '/seats',
  trial_period_days: '/trial_days',
}
