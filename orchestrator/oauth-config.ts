import { resolve } from 'node:path'
import { z } from 'zod'
import { isLoopback } from '../shared/capability/loopback.ts'
import type { Source } from './execute/credentials/read-source.ts'
import { assertionAlgorithms, type OAuthClient } from './execute/oauth/settings.ts'

/** Where a secret comes from: never from the configuration itself. */
export const secretSource = z.union([
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
  /** A command that prints the value: its arguments one by one, because no shell takes them apart. */
  z.strictObject({ exec: z.array(z.string()).min(1) }),
  /** No leading dash: the tool that reads it would take it for an option. */
  z.strictObject({
    keychain: z
      .string()
      .regex(/^[^-/].*\/[^-/][^/]*$/, { error: 'must be SERVICE/ACCOUNT, as the keychain names the entry' }),
  }),
])

/** A URL whose traffic nobody can read on the way. */
export const safeUrl = z.url({ protocol: /^https?$/ }).refine((text) => text.startsWith('https:') || onLoopback(text), {
  error: 'must be an https URL, or one on loopback',
})

/** True for a URL of this machine alone. */
export function onLoopback(url: string): boolean {
  return isLoopback(URL.parse(url)?.hostname ?? '')
}

/** RFC 6749, section 3.3. */
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one scope: no spaces, quotes or backslashes')

const clientSchema = z
  .strictObject({
    /** As the authorization server knows it. */
    id: z.string().min(1).optional(),
    secret: secretSource.optional(),
    /** A PKCS #8 key in PEM, with which it proves itself instead (RFC 7523). */
    private_key: secretSource.optional(),
    algorithm: z.enum(assertionAlgorithms).optional(),
    /** Instead of an id: the URL of its Client ID Metadata Document. */
    document: z
      .url({ protocol: /^https$/ })
      .refine((text) => URL.parse(text)?.pathname !== '/', { error: 'must have a path: a host alone is no client' })
      .optional(),
  })
  .transform(({ id, secret, private_key, algorithm, document }, { addIssue }): OAuthClient => {
    const refuse = (path: string[], message: string) => {
      addIssue({ code: 'custom', path, message })
      return z.NEVER
    }
    if (document !== undefined) {
      if (id !== undefined || secret || private_key)
        return refuse(['document'], 'is the id of a public client: it goes with no other id, secret or key')
      return { document }
    }
    if (id === undefined) return refuse(['id'], 'is missing: write id: …, or document: https://…')
    if (!private_key) {
      if (algorithm !== undefined) return refuse(['algorithm'], 'says how a private_key signs, and there is none')
      return { id, ...(secret && { secret }) }
    }
    if (secret) return refuse(['secret'], 'is one proof too many: there is a private_key')
    if (algorithm === undefined)
      return refuse(['algorithm'], `is missing: the private_key is for one of ${assertionAlgorithms.join(', ')}`)
    return { id, private_key, algorithm }
  })

/** How a server elsewhere lets Remit in by OAuth; see docs/guides/servers-elsewhere.md. */
export const oauthSchema = z
  .strictObject({
    grant: z.enum(['authorization_code', 'client_credentials']).default('authorization_code'),
    issuer: safeUrl.optional(),
    client: clientSchema.optional(),
    scopes: z.array(scope).min(1).optional(),
    audience: z.string().min(1).optional(),
  })
  .superRefine(({ grant, issuer, client }, { addIssue }) => {
    const known = client && 'id' in client
    const refuse = (path: string[], message: string) => addIssue({ code: 'custom', path, message })
    if (known && issuer === undefined)
      refuse(
        ['issuer'],
        'is missing: a client is known at one issuer, and its secret goes to no other; write issuer: https://…',
      )
    if (grant !== 'client_credentials') return
    if (!known)
      refuse(['client'], 'is missing: client_credentials are those of a client; write client: { id: …, secret: … }')
    else if (!('private_key' in client) && !client.secret)
      refuse(
        ['client', 'secret'],
        'is missing: write { env: NAME }, { file: PATH }, { keychain: SERVICE/ACCOUNT } or { exec: [COMMAND, …] }',
      )
  })

export type OAuthConfig = z.output<typeof oauthSchema>

/** With its files where they are: relative to the configuration's folder. */
export function placedOAuth({ client, ...oauth }: OAuthConfig, folder: string): OAuthConfig {
  if (!client) return oauth
  if ('private_key' in client)
    return { ...oauth, client: { ...client, private_key: placed(client.private_key, folder) } }
  if ('secret' in client && client.secret)
    return { ...oauth, client: { ...client, secret: placed(client.secret, folder) } }
  return { ...oauth, client }
}

/** A source whose file is where it is. */
export function placed<Some extends Source>(source: Some, folder: string): Some {
  return 'file' in source ? { ...source, file: resolve(folder, source.file) } : source
}
