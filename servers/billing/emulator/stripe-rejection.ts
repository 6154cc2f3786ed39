/** The `error` of Stripe's error body. */
interface StripeErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'
  message: string
  code?: string
  decline_code?: string
  param?: string
}

/** An answer other than 200. */
export class StripeRejection extends Error {
  readonly status: 400 | 401 | 402 | 403 | 404 | 409 | 429 | 500 | 501 | 503
  readonly body: StripeErrorBody

  constructor(status: StripeRejection['status'], body: StripeErrorBody) {
    super(body.message)
    this.name = 'StripeRejection'
    this.status = status
    this.body = body
  }
}

/** 404 `resource_missing`, as Stripe says it: `No such customer: 'cus_1'`. */
export function noSuch(what: string, id: string, param = 'id', status: 400 | 404 = 404): StripeRejection {
  return new StripeRejection(status, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${what}: '${id}'`,
    param,
  })
}

/** 400 for a parameter whose value Stripe would refuse. */
export function invalidParameter(param: string, message: string, code?: string): StripeRejection {
  return new StripeRejection(400, {
    type: 'invalid_request_error',
    message,
    param,
    ...(code !== undefined && { code }),
  })
}

/** 402: the card's bank said no. */
export function cardDeclined(declineCode: string): StripeRejection {
  return new StripeRejection(402, {
    type: 'card_error',
    code: 'card_declined',
    decline_code: declineCode,
    message: 'Your card was declined.',
  })
}

/** 402: the bank wants the card's holder to confirm the payment for a `subscription` or an `invoice`. */
export function actionRequired(what: 'subscription' | 'invoice'): StripeRejection {
  return new StripeRejection(402, {
    type: 'card_error',
    code: `${what}_payment_intent_requires_action`,
    message: `Payment for this ${what} requires additional user action before it can be completed successfully.`,
  })
}

/** 500: an error of Stripe's own. What had been done by then is anybody's guess. */
export function unknownError(): StripeRejection {
  return new StripeRejection(500, { type: 'api_error', message: 'An unknown error occurred.' })
}

/** 501 for what the emulator does not do, so that nobody takes its silence for Stripe's. */
export function unsupported(what: string): StripeRejection {
  return new StripeRejection(501, {
    type: 'invalid_request_error',
    code: 'emulator_unsupported',
    message: `The Stripe emulator does not support ${what}`,
  })
}
