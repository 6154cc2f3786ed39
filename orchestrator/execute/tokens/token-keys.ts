import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose'
import type { Home } from '../../home/home.ts'
import { keyFile } from '../../home/key-file.ts'
import { keyPeriods } from './key-periods.ts'

/** The key that signs call tokens now. */
export interface SigningKey {
  kid: string
  privateKey: KeyObject
}

/** The public keys of a JWKS document (RFC 7517). */
export interface PublishedKeys {
  keys: JWK[]
}

/** The keys of call tokens: Ed25519, in the home's keys folder (0600), a new one each week, made by whoever needs it first. */
export interface TokenKeys {
  signing(): Promise<SigningKey>
  /** What tokens are checked with; also written to {@link file} whenever it changes. */
  published(): Promise<PublishedKeys>
  /** A JWKS file for servers on this machine. */
  file: string
}

const privateName = /^call-tokens-(\d+)\.key$/

/** Opens the keys; none is made before it is needed. */
export function openTokenKeys({ home, now }: { home: Home; now(): Date }): TokenKeys {
  const file = join(home.keys, 'call-tokens.jwks.json')
  const known = new Map<number, Promise<SigningKey & { jwk: JWK }>>()
  let written: string | undefined

  function keyOf(period: number): Promise<SigningKey & { jwk: JWK }> {
    const key = known.get(period) ?? load(join(home.keys, `call-tokens-${period}.key`))
    known.set(period, key)
    // A key that could not be read is read again when it is next needed.
    key.catch(() => known.delete(period))
    return key
  }

  async function published(): Promise<PublishedKeys> {
    const periods = keyPeriods(now()).published
    const keys = await Promise.all(periods.map(async (period) => (await keyOf(period)).jwk))
    const name = periods.join()
    if (written !== name) {
      await write(file, { keys })
      await forget(home, Math.min(...periods))
      written = name
    }
    return { keys }
  }

  return {
    file,
    published,
    async signing() {
      await published()
      return keyOf(keyPeriods(now()).signing)
    },
  }
}

async function load(path: string): Promise<SigningKey & { jwk: JWK }> {
  const pem = await keyFile(path, () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    return Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  })
  const privateKey = createPrivateKey(pem)
  const bare = await exportJWK(createPublicKey(privateKey))
  const kid = await calculateJwkThumbprint(bare)
  return { kid, privateKey, jwk: { ...bare, kid, alg: 'EdDSA', use: 'sig' } }
}

/** Whole or not at all: a server may read it at any moment. */
async function write(file: string, published: PublishedKeys): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, JSON.stringify(published), { mode: 0o644 })
  await rename(draft, file)
}

/** Keys whose tokens are all too old are not kept. */
async function forget(home: Home, oldest: number): Promise<void> {
  for (const name of await readdir(home.keys)) {
    const period = privateName.exec(name)?.[1]
    if (period !== undefined && Number(period) < oldest) await rm(join(home.keys, name), { force: true })
  }
}
