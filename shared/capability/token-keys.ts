import { readFile } from 'node:fs/promises'
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { isLoopback } from './loopback.ts'

/** Between two reads of a key file for keys that it does not have, in milliseconds. */
const restMs = 1_000

/**
 * The public keys that call tokens are checked with, from a JWKS at a URL or in a file; a rotated key is found there when
 * it is first used. Throws where keys would come over a line that anybody can write on.
 */
export function openTokenKeys(source: string): JWTVerifyGetKey {
  const url = URL.parse(source)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return keysInFile(source)
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new Error(`REMIT_TOKEN_KEYS is ${url.origin}: keys must come by https, from loopback or from a file`)
  return createRemoteJWKSet(url)
}

function keysInFile(path: string): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined
  let readAt = Number.NEGATIVE_INFINITY
  const read = async (): Promise<JWTVerifyGetKey> => {
    readAt = performance.now()
    keys = createLocalJWKSet(JSON.parse(await readFile(path, 'utf8')) as JSONWebKeySet)
    return keys
  }
  return async (header, token) => {
    try {
      return await (keys ?? (await read()))(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || performance.now() - readAt < restMs) throw error
      return (await read())(header, token)
    }
  }
}
