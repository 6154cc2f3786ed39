import { CapabilityError } from '../../shared/capability/index.ts'

const slugPattern = /^[a-z][a-z0-9-]{1,30}[a-z0-9]$/

/** What belongs to one workspace in the cluster, by name. */
export interface WorkspaceNames {
  database: string
  role: string
  /** The name behind `secret:provisioning/`. */
  secret: string
}

/**
 * The names that follow from a slug. "-" becomes "_", which no slug holds, so that two slugs never share a name.
 * Anything but a slug is refused before it can reach a statement or a path.
 */
export function workspaceNames(slug: string): WorkspaceNames {
  if (!slugPattern.test(slug))
    throw new CapabilityError('invalid_input', 'This slug cannot name a workspace.', {
      issues: [
        {
          path: '/slug',
          message: 'must be 3 to 32 of a-z, 0-9 and "-", start with a letter and not end with "-", e.g. acme-labs',
        },
      ],
    })
  const name = `ws_${slug.replaceAll('-', '_')}`
  return { database: name, role: name, secret: slug }
}

/** Postgres's `NAMEDATALEN` less one: longer names are cut off silently, and could then meet another's. */
const longestName = 63

/** A name as SQL takes it, like `format('%I')` but always quoted. Throws on what no identifier can be. */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > longestName)
    throw new RangeError(`an identifier has 1 to ${longestName} bytes and no NUL`)
  return `"${name.replaceAll('"', '""')}"`
}

/** Text as an SQL string constant, for statements that take no parameters (`CREATE ROLE`). Throws on backslashes and NUL. */
export function quoteLiteral(text: string): string {
  if (/[\\\0]/.test(text)) throw new RangeError('a string constant here holds no backslash and no NUL')
  return `'${text.replaceAll("'", "''")}'`
}
