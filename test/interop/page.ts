import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/remit-command.ts'
import { deeds, matrix, type Row } from './matrix.ts'

/** Where the page lies, from the project's root. */
export const page = 'docs/reference/interop.md'

const heads = ['who', 'version', 'is', 'by', 'era', ...deeds]

/** The table of the page, as the tests would have it. */
export function tableOfInterop(): string {
  const rows = Object.values(matrix).map((row: Row) => {
    const version = versionOf(row)
    const did = deeds.map((deed) => row.cannot[deed] ?? 'yes')
    return [`\`${row.package}\``, version, row.role, row.by, row.era, ...did]
  })
  const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return lines.join('\n')
}

/** The exact version that is pinned. */
function versionOf({ package: name, pinnedIn }: Row): string {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, pinnedIn), 'utf8'))
  const version: unknown = { ...dependencies, ...devDependencies }[name]
  if (typeof version !== 'string' || !/^\d/.test(version)) throw new Error(`${name} is not pinned in ${pinnedIn}`)
  return version
}
