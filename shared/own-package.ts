import { readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'

const extension = extname(import.meta.filename)

/** Whether this code came by npm, compiled, or is a checkout, which runs as it is written. */
export const isPacked = extension === '.js'

/** Where Remit's own folders (`orchestrator`, `shared`, `drizzle`, …) lie. */
export const codeFolder = dirname(import.meta.dirname)

/** Where the `package.json` of Remit itself lies. */
export const packageFolder = isPacked ? dirname(codeFolder) : codeFolder

/** The file of one of Remit's own modules, which is named without its extension: `orchestrator/main`. */
export function ownModule(name: string): string {
  return join(codeFolder, `${name}${extension}`)
}

/** The version of Remit. */
export const { version: packageVersion } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
  version: string
}

/** How a person types `remit`. */
export const commandName = isPacked ? 'npx remit' : 'npm run remit --'
