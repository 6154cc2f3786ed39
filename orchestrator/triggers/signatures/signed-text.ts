import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Json } from '../../../shared/json.ts'
import { isDeeper, mostDepth } from '../../../shared/json-depth.ts'

export interface SignedText {
  algorithm: 'sha256' | 'sha512'
  encoding: 'hex' | 'base64'
  text: readonly (string | Buffer)[]
}

/** True where one of the signatures is the HMAC of the text under one of the secrets. Takes as long for a near miss as for any. */
export function isSigned(
  signatures: readonly string[],
  secrets: readonly (string | Buffer)[],
  { algorithm, encoding, text }: SignedText,
): boolean {
  return secrets.some((secret) => {
    const mac = createHmac(algorithm, secret)
    for (const part of text) mac.update(part)
    // Compared as it is written: a decoder leaves out what does not belong, and would take a signature with something added.
    const expected = Buffer.from(mac.digest(encoding))
    return signatures.some((signature) => {
      const given = Buffer.from(encoding === 'hex' ? signature.toLowerCase() : signature)
      return given.length === expected.length && timingSafeEqual(given, expected)
    })
  })
}

/** Why a signed timestamp (seconds) is not to be believed, or nothing: a delivery that somebody kept is not to be played again. */
export function faultOfTimestamp(seconds: string, now: Date, toleranceS: number): string | undefined {
  if (!/^\d{1,12}$/.test(seconds)) return 'the timestamp is missing or is no number of seconds'
  const apart = Math.abs(now.getTime() / 1000 - Number(seconds))
  return apart > toleranceS ? `the timestamp is more than ${toleranceS} s from now` : undefined
}

/** The id that a sender gave a delivery in its body; where that is none that can be kept, what was signed names it. */
export function idIn(given: Json | undefined, body: Buffer): string {
  return typeof given === 'string' && /^[!-~]{1,255}$/.test(given) ? given : bodyId(body)
}

/** Names a delivery by what was signed, where the sender signs no id. */
export function bodyId(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`
}

/** The JSON of a body; undefined where it is none, or nested so deep that nothing could walk it. */
export function jsonOf(body: Buffer): Json | undefined {
  try {
    const json = JSON.parse(body.toString('utf8')) as Json
    return isDeeper(json) ? undefined : json
  } catch {
    return undefined
  }
}

export const notSigned = 'no secret of this trigger made that signature over this body'
export const notJson = `the body is not JSON of ${mostDepth} levels at most`
