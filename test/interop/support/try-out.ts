import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../support/remit-command.ts'
import { type Deed, deeds, matrix, type Row, type Who } from '../matrix.ts'

/** The package that a row is about, where it is installed. */
export function folderOf({ pinnedIn, package: name }: Pick<Row, 'pinnedIn' | 'package'>): string {
  return join(root, pinnedIn.replace('package.json', ''), 'node_modules', name)
}

/**
 * Registers one test for each deed of a row; the row and the deeds have to agree. A host that is too large for everybody's
 * installation is skipped where it is not there, unless REMIT_INTEROP is `all`, as it is in continuous integration.
 */
export function tryOut(who: Who, tries: Partial<Record<Deed, () => Promise<void>>>, ms = 60_000): void {
  const row: Row = matrix[who]
  const { package: name, by, era, cannot, pinnedIn } = row
  const isThere = existsSync(folderOf(row))
  const mayBeMissing = pinnedIn !== 'package.json' && process.env.REMIT_INTEROP !== 'all'
  const title = `${name} by ${by}, ${era}`
  const hint = `not installed: npm ci --ignore-scripts --prefix ${pinnedIn.replace('/package.json', '')}`
  const isSkipped = !isThere && mayBeMissing
  describe.skipIf(isSkipped)(isSkipped ? `${title} (${hint})` : title, () => {
    for (const deed of deeds) {
      const attempt = tries[deed]
      if (attempt) test(deed, attempt, ms)
    }
    test('is tried with what the page says', () => {
      expect(Object.keys(tries).sort()).toEqual(deeds.filter((deed) => cannot[deed] === undefined).toSorted())
    })
  })
}
