/** Makes of each capability server what can be installed elsewhere: `npm run bundle -- [SERVER…] [--out FOLDER]`. */
import { readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { metaPrefix } from '../shared/capability/fields.ts'
import { manifestFileOf, manifestSchema, type ServerManifest } from '../shared/manifest.ts'
import { didYouMean } from '../shared/nearest-name.ts'
import { bundleServer } from './bundle/bundle-server.ts'
import { readProject } from './bundle/project.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Nobody's: names under `.example` lead nowhere. */
const nowhere = 'https://releases.remit.example'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: join(root, 'dist') },
    namespace: { type: 'string', default: metaPrefix },
    releases: { type: 'string', default: nowhere },
  },
})
const { servers } = manifestSchema.parse(JSON.parse(readFileSync(manifestFileOf(root), 'utf8')))
const out = resolve(process.env.INIT_CWD ?? process.cwd(), values.out)
const options = { root, project: readProject(root), out, namespace: values.namespace, releases: values.releases }

for (const server of chosen(positionals)) {
  const { file, bytes, sha256 } = await bundleServer(server, options)
  console.log(`${server.name.padEnd(14)} ${relative('', file)}  ${Math.ceil(bytes / 1_024)} KiB  sha256:${sha256}`)
}
if (values.releases === nowhere)
  console.log(
    `server.json says that the bundles are at ${nowhere}: before you publish it, say where with --releases URL`,
  )

function chosen(names: string[]): ServerManifest[] {
  const known = servers.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  for (const name of unknown) console.error(`there is no server ${name}${didYouMean(name, known)}`)
  if (unknown.length > 0) process.exit(2)
  return names.length === 0 ? servers : servers.filter(({ name }) => names.includes(name))
}
