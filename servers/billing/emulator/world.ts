import { randomBytes } from 'node:crypto'
import type { Store } from '../../../shared/capability/emulator.ts'
import type { Faults } from './faults.ts'
import type { EmulatorState, StripeObjects } from './state.ts'

/** What a route works on: the objects, a clock, ids, and the record of what happened. */
export interface World {
  objects: StripeObjects
  faults: Faults
  /** Seconds since 1970. */
  now(): number
  newId(prefix: string): string
  /** Adds an event with the object as it is now. */
  emit(type: string, object: unknown): void
}

/** The request that a world is opened for; its ids go into the events. */
interface WorldRequest {
  id: string
  idempotencyKey: string | null
}

/** Opens the stored objects to one request. */
export function openWorld(
  store: Store<EmulatorState>,
  faults: Faults,
  now: () => number,
  request: WorldRequest,
): World {
  const { objects } = store.state
  return {
    objects,
    faults,
    now,
    newId,
    emit(type, object) {
      const id = newId('evt')
      objects.events[id] = {
        id,
        object: 'event',
        api_version: null,
        created: now(),
        data: { object: structuredClone(object) },
        livemode: false,
        pending_webhooks: 0,
        request: { id: request.id, idempotency_key: request.idempotencyKey },
        type,
      }
    },
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `cus_` and 24 random letters and digits. */
export function newId(prefix: string): string {
  const letters = Array.from(randomBytes(24), (byte) => alphabet[byte % alphabet.length])
  return `${prefix}_${letters.join('')}`
}
