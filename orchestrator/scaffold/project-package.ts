import { isJsonObject, type JsonObject } from '../../shared/json.ts'

/** What of Remit's own `package.json` a project's is made of. */
export interface OwnPackage {
  version: string
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

/** What servers import themselves, and what a project is tested with: in the versions that Remit itself was tested with. */
const used = ['hono', 'zod']
const usedByTests = ['@biomejs/biome', '@types/node', 'typescript', 'vitest']

const scripts = {
  remit: 'remit',
  start: 'remit start',
  manifest: 'remit manifest',
  gate: 'remit manifest --check && biome ci --error-on-warnings . && tsc -p . && vitest run',
  test: 'remit-node npm run --silent gate',
}

/** What `npm init` writes where a package has no test. */
const noTest = /^echo "Error: no test specified"/

/** The `package.json` of a project of one's own: what is said there already stays, and `npm run gate` is there beside it. */
export function projectPackage(name: string, own: OwnPackage, before: JsonObject): JsonObject {
  const merged = (field: string, added: Record<string, string>) => ({
    ...added,
    ...(isJsonObject(before[field]) ? before[field] : {}),
  })
  const all = merged('scripts', scripts)
  return {
    name,
    private: true,
    ...before,
    type: 'module',
    scripts: { ...all, ...(noTest.test(String(all.test)) && { test: scripts.test }) },
    dependencies: sorted(merged('dependencies', { remit: own.version, ...pick(own.dependencies, used) })),
    devDependencies: sorted(merged('devDependencies', pick(own.devDependencies, usedByTests))),
  }
}

function pick(versions: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const version = versions[name]
      if (version === undefined) throw new TypeError(`Remit itself does not depend on ${name}`)
      return [name, version]
    }),
  )
}

function sorted<Value>(entries: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
}
