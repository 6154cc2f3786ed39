import { randomBytes } from 'node:crypto'
import Stripe from 'stripe'
import type { BillingFaults } from './faults.ts'
import type { Event } from './objects.ts'
import type { EmulatorState, StripeObjects } from './state.ts'

/** The version of Stripe's API whose objects these are: the one that the SDK was made for. */
export const apiVersion = Stripe.API_VERSION

/** What a route works on: the objects, a clock, ids, and the record of what happened. */
export interface World {
  objects: StripeObjects
  /** Signing secret by webhook endpoint. */
  webhookSecrets: EmulatorState['webhook_secrets']
  faults: BillingFaults
  /** Seconds since 1970. */
  now(): number
  newId(prefix: string): string
  /** Adds an event with the object as it is now; `before` is what it was, where the event is an update. */
  emit<T extends object>(type: Event['type'], object: T, before?: T): void
}

/** What a world is opened over. */
export interface Account {
  state: EmulatorState
  faults: BillingFaults
  /** Told of each event, at once. */
  onEvent(event: Event): void
}

/** Whose doing the events are: a request's, or nobody's where time alone brought them about. */
export interface Cause {
  requestId: string | null
  idempotencyKey: string | null
}

/** Opens the stored objects at an instant. */
export function openWorld({ state, faults, onEvent }: Account, now: () => number, cause: Cause): World {
  const { objects } = state
  return {
    objects,
    webhookSecrets: state.webhook_secrets,
    faults,
    now,
    newId,
    emit(type, object, before) {
      const event: Event = {
        id: newId('evt'),
        object: 'event',
        api_version: apiVersion,
        created: now(),
        data: {
          object: structuredClone(object),
          ...(before && { previous_attributes: changedFrom(before, object) }),
        },
        livemode: false,
        pending_webhooks: 0,
        request: { id: cause.requestId, idempotency_key: cause.idempotencyKey },
        type,
      }
      objects.events[event.id] = event
      onEvent(event)
    },
  }
}

/** The fields that are no longer what they were, as they were. */
function changedFrom<T extends object>(before: T, after: T): Partial<T> {
  const changed = Object.entries(before).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(after[name as keyof T]),
  )
  return structuredClone(Object.fromEntries(changed)) as Partial<T>
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `cus_` and 24 random letters and digits. */
export function newId(prefix: string): string {
  const letters = Array.from(randomBytes(24), (byte) => alphabet[byte % alphabet.length])
  return `${prefix}_${letters.join('')}`
}
