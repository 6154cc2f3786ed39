import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { canonicalJson, digest, isJsonObject, type Json } from '../../shared/json.ts'
import { isSealed, type Sealed } from './value.ts'

/** Seals and opens the sensitive leaves of one run. */
export interface Sealer {
  /** `context` says where the value stands, e.g. `/password`: equal values in equal contexts have equal digests, and no others. */
  seal(value: Json, context: string): Sealed
  /** Throws a {@link SealError} when the value was sealed for another run, altered, or its key was erased. */
  open(sealed: Sealed): Json
}

/** A sealed value that cannot be opened. Never holds the value. */
export class SealError extends Error {
  override readonly name = 'SealError'
}

/** What stands for a sealed leaf wherever people, logs or models look. */
export const sealedText = '[sealed]'

/** Bytes of a run's key. */
export const sealKeyBytes = 32

/**
 * The sealer of a run under its key. A sealed leaf is `v1.<iv>.<ciphertext and tag>.<hmac>`, base64url: AES-256-GCM, bound
 * to the run and to the HMAC, which stands for the value in digests.
 */
export function createSealer(runId: string, key: Uint8Array): Sealer {
  const cipherKey = deriveKey(key, 'remit seal cipher')
  const digestKey = deriveKey(key, 'remit seal digest')
  return {
    seal(value, context) {
      const text = canonicalJson(value)
      const mac = createHmac('sha256', digestKey)
        .update(canonicalJson([context, text]))
        .digest('base64url')
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', cipherKey, iv).setAAD(boundTo(runId, mac))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return { $sealed: ['v1', iv.toString('base64url'), body.toString('base64url'), mac].join('.') }
    },
    open(sealed) {
      const { iv, body, mac } = parseSealed(sealed)
      if (body.length < 16) throw new SealError('a sealed value is too short: its record was altered')
      const decipher = createDecipheriv('aes-256-gcm', cipherKey, iv)
      decipher.setAAD(boundTo(runId, mac)).setAuthTag(body.subarray(-16))
      try {
        const text = Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]).toString('utf8')
        return JSON.parse(text) as Json
      } catch (cause) {
        throw new SealError(`a sealed value of run ${runId} does not open: it was altered or sealed for another run`, {
          cause,
        })
      }
    },
  }
}

/**
 * The digest of a value in which each sealed leaf counts by its HMAC: the same for the same content, however often it was
 * sealed. What only looks sealed counts as it stands: a server may return anything, and no digest may fail for that.
 */
export function digestSealed(value: Json): string {
  return digest(mapSealed(value, (sealed) => (hasForm(sealed) ? { $hmac: parseSealed(sealed).mac } : { ...sealed })))
}

/** A copy in which every sealed leaf reads `[sealed]`: what people, logs, traces and models may see. */
export function redactSealed(value: Json): Json {
  return mapSealed(value, () => sealedText)
}

/** A copy in which every sealed leaf is sealed for another run. Throws a {@link SealError} where one does not open. */
export function resealFor(value: Json, from: Pick<Sealer, 'open'>, to: Pick<Sealer, 'seal'>): Json {
  return mapSealed(value, (sealed) => ({ ...to.seal(from.open(sealed), 'inherited') }))
}

function mapSealed(value: Json, change: (sealed: Sealed) => Json): Json {
  if (isSealed(value)) return change(value)
  if (Array.isArray(value)) return value.map((item) => mapSealed(item, change))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapSealed(item, change)]))
}

function hasForm({ $sealed }: Sealed): boolean {
  return /^v1(\.[^.]+){3}$/.test($sealed)
}

function parseSealed({ $sealed }: Sealed): { iv: Buffer; body: Buffer; mac: string } {
  const [, iv, body, mac] = $sealed.split('.')
  if (!hasForm({ $sealed }) || !iv || !body || !mac)
    throw new SealError('a sealed value does not have the form v1.<iv>.<ciphertext>.<hmac>')
  return { iv: Buffer.from(iv, 'base64url'), body: Buffer.from(body, 'base64url'), mac }
}

function boundTo(runId: string, mac: string): Buffer {
  return Buffer.from(`remit.seal.v1:${runId}:${mac}`)
}

function deriveKey(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, new Uint8Array(), purpose, 32))
}
