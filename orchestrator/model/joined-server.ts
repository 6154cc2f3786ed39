import { z } from 'zod'
import { plainName, serverManifestSchema, variable } from '../../shared/manifest.ts'
import { overlaySchema } from './overlay.ts'

/** Where a joined server comes from, and so what of it is pinned beside what it tells of its tools. */
const originSchema = z.discriminatedUnion('from', [
  z.strictObject({
    from: z.literal('npm'),
    package: z.string().min(1),
    version: z.string().min(1),
    /** Digest of its lockfile, which holds the integrity of every package; the lockfile itself is beside this file. */
    lock: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits'),
  }),
  /** A program of this machine: nothing says that its code stays as it is. */
  z.strictObject({ from: z.literal('command') }),
  /** A server elsewhere: its code can change at any time. */
  z.strictObject({ from: z.literal('url') }),
])
export type JoinedOrigin = z.output<typeof originSchema>

/** Where the value of a slot comes from, never the value itself. */
const referenceSchema = z.union([
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
])
export type CredentialReference = z.output<typeof referenceSchema>

/** A stranger's server as a person accepted it. */
const joinedServerSchema = z.strictObject({
  origin: originSchema,
  /** Slot → reference; what the configuration says of a slot counts more. */
  credentials: z.record(variable, referenceSchema).default({}),
  /** As it was proposed from what the server told; `{package}` in its command is the folder that its package is in. */
  manifest: serverManifestSchema,
  overlay: overlaySchema.exactOptional(),
  accepted: z.strictObject({
    by: z.string(),
    /** RFC 3339. */
    at: z.string(),
  }),
})
export type JoinedServer = z.output<typeof joinedServerSchema>

/** `servers.json`: the strangers' servers that take part, each by its name. Reviewed and versioned with the project. */
export const joinedFileSchema = z.strictObject({
  version: z.literal(1),
  servers: z.record(plainName, joinedServerSchema).default({}),
})
export type JoinedFile = z.output<typeof joinedFileSchema>

/** What stands in a command for the folder of the package. */
export const packageFolder = '{package}'

/** What cannot be promised of a joined server's code, in words; undefined where all of it is pinned. */
export function unpinned({ from }: JoinedOrigin): string | undefined {
  if (from === 'npm') return undefined
  if (from === 'url') return 'its code runs elsewhere and cannot be pinned: only what it tells of its tools is'
  return 'its code is a program of this machine and is not pinned: only what it tells of its tools is'
}
