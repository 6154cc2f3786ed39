import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ServerManifest } from '../../shared/manifest.ts'
import { clearBundle } from './clear-bundle.ts'
import { compileServer } from './compile-server.ts'
import { composeFile, dockerfile } from './container-files.ts'
import { bundledEntry, mcpbManifest } from './mcpb-manifest.ts'
import { packMcpb } from './pack-mcpb.ts'
import { packageLicences } from './package-licences.ts'
import type { Project } from './project.ts'
import { serverJson } from './server-json.ts'

export interface BundleOptions {
  /** The project's root. */
  root: string
  project: Project
  /** The folder that gets a folder for each server; an earlier bundle in that is removed. */
  out: string
  /** Whose the server is, in reverse-DNS form. */
  namespace: string
  /** The URL of the folder that the `.mcpb` is published in. */
  releases: string
}

/** What was made of a server. */
export interface Bundle {
  folder: string
  /** The `.mcpb`. */
  file: string
  bytes: number
  /** Of the `.mcpb`, in hexadecimal. */
  sha256: string
}

const licencesFile = 'THIRD-PARTY-LICENSES.txt'

/** Makes all bundles of one server. The same sources give the same bytes. Rejects with what is wrong, and leaves nothing half-made there, nor takes the place of anything but a bundle. */
export async function bundleServer(server: ServerManifest, options: BundleOptions): Promise<Bundle> {
  const { root, project, out, namespace, releases } = options
  const { name, version, command } = server
  const { code, packages } = await compileServer(root, command[1] ?? '')
  const licences = packageLicences(root, packages)
  const folder = join(out, name)
  const fileName = `remit-${name}-${version}.mcpb`
  const file = join(folder, fileName)
  clearBundle(folder)
  try {
    await packFolder(file, {
      'manifest.json': json(mcpbManifest(server, project)),
      [bundledEntry]: code,
      [licencesFile]: licences,
    })
    const archive = readFileSync(file)
    const sha256 = createHash('sha256').update(archive).digest('hex')
    const url = `${releases.replace(/\/$/, '')}/${fileName}`
    const described = serverJson(server, { namespace, url, sha256 })
    writeFiles(folder, {
      'server.mjs': code,
      [licencesFile]: licences,
      'server.json': json(described),
      Dockerfile: dockerfile(server, { ...project, registryName: described.name }),
      'compose.yaml': composeFile(server),
    })
    return { folder, file, bytes: archive.length, sha256 }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

async function packFolder(file: string, files: Record<string, string | Uint8Array>): Promise<void> {
  const staging = mkdtempSync(join(tmpdir(), 'remit-bundle-'))
  try {
    writeFiles(staging, files)
    await packMcpb(staging, file)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

function writeFiles(folder: string, files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content, { mode: 0o644 })
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
