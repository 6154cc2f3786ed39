import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { root } from './remit-command.ts'

/** A registry on loopback with the packages that are installed here, as npm asks for them. */
export interface NpmRegistry extends AsyncDisposable {
  url: string
  /** The paths that were asked for. */
  readonly asked: string[]
}

interface Archive {
  manifest: { name: string; version: string; dependencies?: Record<string, string> }
  bytes: Buffer
}

/** Dependencies of those names are left out of what it tells, so that a test need not install what it does not need. */
export async function startRegistry(without: readonly string[] = []): Promise<NpmRegistry> {
  const asked: string[] = []
  const places = installedPlaces()
  const archives = new Map<string, Promise<Archive>>()
  const archiveAt = (place: string) => {
    const known = archives.get(place) ?? packed(place)
    archives.set(place, known)
    return known
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    asked.push(path)
    answer(path, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`

  async function answer(path: string, response: ServerResponse): Promise<void> {
    const [, name = '', file] = /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.+))?$/.exec(path) ?? []
    const found = await Promise.all((places.get(name) ?? []).map(archiveAt))
    if (file !== undefined) {
      const archive = found.find(({ manifest }) => file === `${manifest.version}.tgz`)
      response.writeHead(archive ? 200 : 404).end(archive?.bytes)
      return
    }
    if (found.length === 0) return void response.writeHead(404).end('{}')
    const versions = Object.fromEntries(
      found.map(({ manifest, bytes }) => {
        const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
        // Another host, as registries behind a mirror have it: npm is to ask this one all the same.
        const dist = { integrity, tarball: `https://registry.example/${name}/-/${manifest.version}.tgz` }
        const needed = Object.entries(manifest.dependencies ?? {}).filter(([name]) => !without.includes(name))
        return [manifest.version, { ...manifest, dependencies: Object.fromEntries(needed), dist }]
      }),
    )
    const latest = found[0]?.manifest.version
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ name, 'dist-tags': { latest }, versions }))
  }

  return {
    url,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Package → the folders that it is installed in; the outermost first. */
function installedPlaces(): Map<string, string[]> {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, object> }
  const places = Map.groupBy(
    Object.keys(lock.packages).filter((place) => place.includes('node_modules/')),
    (place) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
  )
  return places
}

async function packed(place: string): Promise<Archive> {
  const folder = join(root, place)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Archive['manifest']
  const archive = pack()
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => !file.split('/').includes('node_modules'))
  for (const file of files.sort()) archive.entry({ name: `package/${file}` }, readFileSync(join(folder, file)))
  archive.finalize()
  return { manifest, bytes: gzipSync(await buffer(archive), { level: 1 }) }
}
