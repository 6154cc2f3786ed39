/** Writes `servers/manifest.json` of a project from the code; with `--check` it only says, by its exit code, whether that would change it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { manifestFileOf, manifestSchema } from '../shared/manifest.ts'
import { codeFolder, isPacked } from '../shared/own-package.ts'
import { findServers, manifestText } from './build-manifest.ts'

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, project: { type: 'string', default: codeFolder } },
})
const manifestFile = manifestFileOf(values.project)
const text = manifestText(await findServers(values.project))
const stored = existsSync(manifestFile) ? readFileSync(manifestFile, 'utf8') : ''

if (!values.check) {
  // A service may follow the file: it is never to read half of it.
  writeFileSync(`${manifestFile}.new`, text)
  renameSync(`${manifestFile}.new`, manifestFile)
  console.log(`servers/manifest.json: ${toolPrints(text).size} tools${stored === text ? ', unchanged' : ', written'}`)
} else if (stored !== text) {
  const writes = isPacked ? 'npx remit manifest' : 'node scripts/manifest.ts'
  console.error(`servers/manifest.json differs from the code. Run \`${writes}\` and review the diff.`)
  for (const line of changedTools(stored, text)) console.error(`  ${line}`)
  process.exitCode = 1
}

/** Tool id → its entry's text, of a manifest that may be missing or broken. */
function toolPrints(manifest: string): Map<string, string> {
  const parsed = manifestSchema.safeParse(parseJson(manifest))
  const servers = parsed.success ? parsed.data.servers : []
  return new Map(
    servers.flatMap(({ name, tools }) => tools.map((tool) => [`${name}.${tool.name}`, JSON.stringify(tool)])),
  )
}

function changedTools(before: string, after: string): string[] {
  const [old, now] = [toolPrints(before), toolPrints(after)]
  const ids = [...new Set([...old.keys(), ...now.keys()])].sort()
  return ids.flatMap((id) => {
    if (!old.has(id)) return [`${id}: new`]
    if (!now.has(id)) return [`${id}: gone`]
    return old.get(id) === now.get(id) ? [] : [`${id}: changed`]
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
