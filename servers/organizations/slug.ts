import type { Issue } from '../../shared/failure.ts'

const longest = 32
const pattern = /^[a-z][a-z0-9-]{1,30}[a-z0-9]$/

/** Names that would read as a part of the product, or that Postgres or DNS keep for themselves. */
const reserved: ReadonlySet<string> = new Set(
  'account accounts admin administrator api app assets auth billing blog cdn console dashboard dev docs email ftp help \
   host localhost login mail postgres public remit root security signup slack smtp staging static status support system \
   team template test www'.split(/\s+/),
)

/** Whether a normalized slug may be asked for. */
export function checkSlug(slug: string): Issue[] {
  const path = '/slug'
  if (!pattern.test(slug))
    return [
      {
        path,
        message: 'must be 3 to 32 of a-z, 0-9 and "-", start with a letter and not end with "-", e.g. acme-labs',
      },
    ]
  return reserved.has(slug) ? [{ path, message: `"${slug}" is reserved: choose another` }] : []
}

/**
 * What an organization that wanted a slug may be called, by preference from 1: `acme`, `acme-2`, `acme-3`, … A long wish
 * is cut so that its number fits. Each is a valid slug if the wish is one, and no two of one wish are the same.
 */
export function numberedSlug(wanted: string, number: number): string {
  if (number === 1) return wanted
  const suffix = `-${number}`
  return wanted.slice(0, longest - suffix.length).replace(/-+$/, '') + suffix
}
