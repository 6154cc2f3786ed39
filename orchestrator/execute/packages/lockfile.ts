import { z } from 'zod'
import { digest, type JsonObject } from '../../../shared/json.ts'

const lockedPackage = z.looseObject({
  version: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  inBundle: z.boolean().optional(),
})

/** What of npm's `package-lock.json` (version 3) matters here; the rest stays as npm wrote it. */
export const lockfileSchema = z.looseObject({
  lockfileVersion: z.literal(3),
  packages: z.record(z.string(), lockedPackage),
})
export type Lockfile = z.output<typeof lockfileSchema>

/** The digest by which a lockfile is pinned. */
export function lockDigest(lock: Lockfile): string {
  return digest(lock)
}

/**
 * The packages that nothing holds to what they are now, by their places in the lockfile: a link to a folder, a clone, or
 * anything else without the integrity of its archive. What comes inside another package's archive is held by that.
 */
export function unheld({ packages }: Lockfile): string[] {
  return Object.entries(packages).flatMap(([place, { integrity, link, inBundle }]) =>
    place === '' || inBundle || (integrity !== undefined && !link) ? [] : [place],
  )
}

/** Whether what it pins came from an archive on some machine, which is not kept: only its digest is. */
export function isOfArchive({ packages }: Lockfile): boolean {
  return Object.values(packages['']?.dependencies ?? {}).some((from) => String(from).startsWith('file:'))
}

/** A package.json from which npm installs exactly what the lockfile says. */
export function packageJsonOf({ packages }: Lockfile): JsonObject {
  const dependencies = packages['']?.dependencies
  return { ...emptyProject, dependencies: (dependencies ?? {}) as JsonObject }
}

/** A package.json for npm to add a package to. */
export const emptyProject = { name: 'remit-package', version: '1.0.0', private: true }
