import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { CapabilityError, UncertainError } from '../../shared/capability/index.ts'
import { failureOf } from './stripe-failure.ts'

const { errors } = Stripe
const change = { effect: true }

function failed(error: unknown): CapabilityError {
  const failure = failureOf(error, change)
  if (!(failure instanceof CapabilityError)) throw new Error(`not a CapabilityError: ${failure}`)
  return failure
}

describe('failureOf', () => {
  test('gives a rate limit the time that Stripe asks for', () => {
    const error = new errors.StripeRateLimitError({ type: 'invalid_request_error', headers: { 'retry-after': '1.5' } })
    expect(failed(error).failure).toMatchObject({ kind: 'rate_limited', retry_after_ms: 1500 })
  })

  test('knows a rate limit without a time', () => {
    const { failure } = failed(new errors.StripeRateLimitError({ type: 'invalid_request_error', headers: {} }))
    expect(failure.kind).toBe('rate_limited')
    expect(failure).not.toHaveProperty('retry_after_ms')
  })

  test('takes a key without the permission as unauthorized', () => {
    const error = new errors.StripePermissionError({ type: 'invalid_request_error', statusCode: 403 })
    expect(failed(error).failure.kind).toBe('unauthorized')
  })

  test.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])('knows that after %s nothing was sent', (code) => {
    const detail = Object.assign(new Error('no'), { code })
    const error = new errors.StripeConnectionError({ type: 'api_error', detail } as never)
    expect(failed(error).failure.kind).toBe('unavailable')
  })

  test('does not know what became of a change whose key is still under way', () => {
    const error = new errors.StripeAPIError({
      type: 'idempotency_error',
      statusCode: 409,
      code: 'idempotency_key_in_use',
    })
    expect(failureOf(error, change)).toBeInstanceOf(UncertainError)
  })

  test('takes any other 409 as a conflict, and a 501 as nothing done', () => {
    expect(failed(new errors.StripeAPIError({ type: 'api_error', statusCode: 409 })).failure.kind).toBe('conflict')
    expect(failed(new errors.StripeAPIError({ type: 'api_error', statusCode: 501 })).failure.kind).toBe('internal')
  })

  test('passes on nothing of Stripe’s own text', () => {
    const secret = 'sk_live_0123456789'
    const raw = {
      type: 'invalid_request_error' as const,
      message: `No such key: ${secret}`,
      param: `a b <${'x'.repeat(200)}>`,
    }
    for (const error of [
      new errors.StripeInvalidRequestError(raw),
      new errors.StripeAuthenticationError(raw),
      new errors.StripeCardError(raw),
      new errors.StripeAPIError(raw),
      new errors.StripeIdempotencyError(raw),
    ]) {
      const failure = failureOf(error, change)
      if (!(failure instanceof CapabilityError || failure instanceof UncertainError)) throw new Error('no failure')
      expect(JSON.stringify(failure.failure)).not.toContain(secret)
      expect(failure.message.length).toBeLessThan(200)
    }
  })

  test('leaves what is not Stripe’s alone', () => {
    const error = new Error('a defect')
    expect(failureOf(error, change)).toBe(error)
  })
})
