import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { codeFolder, isPacked } from '../shared/own-package.ts'

/** What a project's root is known by. */
export const configurationName = 'remit.config.yaml'

/** What is said outside any project. */
export const noProject = `There is no ${configurationName} here or in any folder above. Go to a project, name one in REMIT_PROJECT, or make one: npx remit init`

/**
 * The project's root: the folder that REMIT_PROJECT names; for a checkout, the checkout itself; for the package, the nearest
 * folder with a configuration, from the one that the command was started in upwards. Undefined where there is none.
 */
export function findProject(
  { REMIT_PROJECT: named }: Readonly<Record<string, string | undefined>>,
  { startedIn, packed }: { startedIn: string; packed: boolean } = { startedIn: process.cwd(), packed: isPacked },
): string | undefined {
  if (named) return resolve(startedIn, named)
  return packed ? nearest(startedIn) : codeFolder
}

function nearest(folder: string): string | undefined {
  if (existsSync(join(folder, configurationName))) return folder
  const above = dirname(folder)
  return above === folder ? undefined : nearest(above)
}
