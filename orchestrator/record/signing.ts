import { createHash, type KeyObject, verify } from 'node:crypto'
import { canonicalJson } from '../../shared/json.ts'
import { treeRoot } from './head-tree.ts'

/** Where one run's chain stood: its last event, as run, sequence number and hash in hex. */
export type SignedHead = [run_id: string, seq: number, hash: string]

/** One signed statement of where chains stood. */
export interface Signing {
  id: number
  /** 1: the digest is over all heads; 2: over the root of their tree. */
  v: number
  at: string
  heads: SignedHead[]
  /** Digest of the statement before, in hex, so that none can be taken out. */
  prev_digest: string
}

/** The version that this release signs. */
export const signingVersion = 2

/** What is signed. */
export function digestOfSigning({ heads, ...signing }: Signing): Buffer {
  if (signing.v !== 1) return digestOfRoot({ ...signing, root: treeRoot(heads), count: heads.length })
  const { id, at, prev_digest } = signing
  return sha256(['remit signed heads v1', id, at, heads, prev_digest])
}

/** What is signed in version 2, for who knows the root alone. */
export function digestOfRoot(signing: {
  id: number
  at: string
  root: string
  count: number
  prev_digest: string
}): Buffer {
  const { id, at, root, count, prev_digest } = signing
  return sha256(['remit signed heads v2', id, at, root, count, prev_digest])
}

/** A public key as PEM. */
export function publicKeyText(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

/** A short name of a public key, for rows. */
export function keyIdOf(publicKey: KeyObject): string {
  return fingerprintOf(publicKey).slice(0, 16)
}

/** SHA-256 of a public key, in hex: what people compare. */
export function fingerprintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

/** True when the key signed this digest. */
export function isSignatureOf(digest: Buffer, publicKey: KeyObject, signature: Buffer): boolean {
  return verify(null, digest, publicKey, signature)
}

function sha256(parts: unknown[]): Buffer {
  return createHash('sha256').update(canonicalJson(parts)).digest()
}
