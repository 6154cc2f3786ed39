import { generateKeyPair, type JWTVerifyGetKey, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../json.ts'
import { callGate } from './call-gate.ts'
import { callTokenType, digestOfArguments } from './call-token.ts'

const now = new Date('2026-11-24T12:00:00Z')
const seconds = now.getTime() / 1_000
const { privateKey, publicKey } = await generateKeyPair('EdDSA')
const keys: JWTVerifyGetKey = async () => publicKey

const args: JsonObject = { name: 'Acme', seats: 25 }
const call = (name = 'create_thing', given = args) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: given },
})

const withoutArguments = { ...call(), params: { name: 'create_thing' } }

interface Tampering {
  claims?: JsonObject
  header?: { typ?: string }
  lifetime?: number
  issuedAt?: number
  key?: typeof privateKey
}

async function token({ claims, header, lifetime = 30, issuedAt = seconds, key = privateKey }: Tampering = {}) {
  return new SignJWT({
    iss: 'remit',
    aud: 'fixture',
    jti: crypto.randomUUID(),
    sub: 'local:ada',
    tenant: 'acme',
    run_id: 'run-1',
    scope: 'tool:create_thing',
    arguments_digest: digestOfArguments(args),
    iat: issuedAt,
    exp: issuedAt + lifetime,
    ...claims,
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: callTokenType, ...header })
    .sign(key)
}

const open = (at = now) => callGate({ audience: 'fixture', keys, now: () => at })
const ask = async (tampering: Tampering = {}, message: unknown = call()) =>
  open()({ authorization: `Bearer ${await token(tampering)}`, message })

describe('callGate', () => {
  it('lets through the call that the token is for, however its arguments are ordered', async () => {
    expect(await ask()).toBeUndefined()
    expect(await ask({}, call('create_thing', { seats: 25, name: 'Acme' }))).toBeUndefined()
  })

  it.each<[string, Tampering, unknown, string]>([
    ['for another server', { claims: { aud: 'billing' } }, call(), 'the token is for another server'],
    ['from another issuer', { claims: { iss: 'somebody' } }, call(), "the token's iss is not right"],
    ['for another tool', { claims: { scope: 'tool:find_thing' } }, call(), 'the token is not for this tool'],
    ['for describing alone', { claims: { scope: 'describe' } }, call(), 'the token is not for this tool'],
    ['for other arguments', {}, call('create_thing', { ...args, seats: 26 }), 'the token is for other arguments'],
    ['for a call with arguments', {}, withoutArguments, 'the token is for other arguments'],
    ['that has expired', { issuedAt: seconds - 40 }, call(), 'the token has expired'],
    ['that is good for too long', { lifetime: 61 }, call(), 'the token is good for too long'],
    ['of another kind', { header: { typ: 'JWT' } }, call(), "the token's typ is not right"],
    ['that says nothing of its run', { claims: { run_id: '' } }, call(), expect.stringMatching(/in which run/)],
    ['for a call, with a list', {}, { method: 'tools/list' }, 'the token is for a call of a tool'],
    ['for one message, with a batch', {}, [call()], expect.stringMatching(/batch/)],
  ])('refuses a token %s', async (_, tampering, message, why) => {
    expect(await ask(tampering, message)).toEqual(why)
  })

  it('refuses a token that another key signed', async () => {
    const { privateKey: key } = await generateKeyPair('EdDSA')
    expect(await ask({ key })).toBe('the token is not valid')
  })

  it.each([undefined, 'Basic YTpi', 'Bearer ', 'Bearer a.b', 'Bearer a.b.c'])('refuses %j', async (authorization) => {
    expect(await open()({ authorization, message: call() })).toEqual(expect.any(String))
  })

  it('refuses a token whose signature was cut off, and one without an algorithm', async () => {
    const [, body] = (await token()).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: callTokenType })).toString('base64url')
    expect(await open()({ authorization: `Bearer ${none}.${body}.x`, message: call() })).toBe('the token is not valid')
  })

  it('takes a token once, for as long as it is good', async () => {
    const authorization = `Bearer ${await token()}`
    let at = now
    const gate = callGate({ audience: 'fixture', keys, now: () => at })
    expect(await gate({ authorization, message: call() })).toBeUndefined()
    expect(await gate({ authorization, message: call() })).toBe('the token was used before')
    at = new Date(now.getTime() + 34_000)
    expect(await gate({ authorization, message: call() })).toBe('the token was used before')
  })

  it('does not use up a token with a request that it is not for', async () => {
    const authorization = `Bearer ${await token()}`
    const gate = open()
    await gate({ authorization, message: call('create_thing', {}) })
    expect(await gate({ authorization, message: call() })).toBeUndefined()
  })

  it.each([{ method: 'tools/list' }, { method: 'server/discover' }, { method: 'initialize' }, null])(
    'lets a token for describing ask %j',
    async (message) => {
      expect(await ask({ claims: { scope: 'describe' } }, message)).toBeUndefined()
    },
  )
})
