import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jailSchema } from '../../../shared/manifest.ts'
import { systemEnvironment } from '../launch.ts'
import type { Jailer } from '../sandbox/jailer.ts'
import { emptyProject, isOfArchive, type Lockfile, lockDigest, packageJsonOf, unheld } from './lockfile.ts'
import { extraTrust, findNpm, registryFor } from './npm-program.ts'
import { installedLock, PackageError, type PackageStore } from './package-store.ts'
import { programOf } from './program-of.ts'
import { openRegistryDoor } from './registry-door.ts'
import { type Ran, runInJail } from './run-in-jail.ts'

/** What npm is to install: a package of its registry, or an archive on this machine. */
export type PackageSpec = { name: string; version?: string } | { archive: string }

/** An installed package. */
export interface InstalledPackage {
  name: string
  version: string
  folder: string
  lock: Lockfile
  /** Its program, relative to the folder. */
  program: string
}

export interface InstallOptions {
  /** The server that it is for. */
  server: string
  store: PackageStore
  jailer: Jailer
  environment: Readonly<Record<string, string | undefined>>
  /** Where npm looks for its configuration. */
  cwd: string
  signal?: AbortSignal | undefined
}

/** How long one installation may take. */
const installMs = 300_000
/** More than a server gets: npm holds whole archives in memory, and all packages are unpacked there beside its cache. */
const jail = jailSchema.parse({ memory_mb: 1_536, scratch_mb: 4_096, open_files: 4_096 })
const archiveName = 'package.tgz'
/** Lies in the folder while npm works, and is no part of the package. */
const npmsFolder = '.npm'

/** Installs a package and pins what came. No script of any package runs, and npm has one registry for a network. */
export async function installPackage(spec: PackageSpec, options: InstallOptions): Promise<InstalledPackage> {
  return install(options, 'name' in spec ? spec.name : '', async (folder) => {
    await writeJson(join(folder, 'package.json'), emptyProject)
    if ('archive' in spec) await copyFile(spec.archive, join(folder, archiveName))
    const what = 'archive' in spec ? `file:./${archiveName}` : `${spec.name}@${spec.version ?? 'latest'}`
    return ['install', '--save-exact', what]
  })
}

/** Installs exactly what a lockfile holds. Rejects with a {@link PackageError} where that came from an archive. */
export async function installLocked(lock: Lockfile, options: InstallOptions): Promise<InstalledPackage> {
  const { server } = options
  if (isOfArchive(lock))
    throw new PackageError(
      `${server} came from an archive, which is not kept: add it again, by remit servers add npm:file:ARCHIVE.tgz --name ${server}`,
    )
  const [name = ''] = dependenciesOf(lock)
  const installed = await install(options, name, async (folder) => {
    await writeJson(join(folder, 'package.json'), packageJsonOf(lock))
    await writeJson(join(folder, 'package-lock.json'), lock)
    return ['ci']
  })
  if (lockDigest(installed.lock) === lockDigest(lock)) return installed
  throw new PackageError(`npm changed the lockfile of ${server}: nothing of it is used`)
}

async function install(
  { server, store, jailer, environment, cwd, signal }: InstallOptions,
  named: string,
  prepare: (folder: string) => Promise<string[]>,
): Promise<InstalledPackage> {
  const npm = findNpm(environment)
  const registry = await registryFor(npm, named, { env: environment, cwd })
  const staged = await store.stage(server)
  try {
    const args = await prepare(staged.folder)
    const door = await openRegistryDoor(registry)
    try {
      const own = join(staged.folder, npmsFolder)
      const trust = extraTrust(environment)
      const installer = { name: 'npm', jail: { ...jail, read: [npm.folder, ...trust.read] } }
      const launch = {
        command: process.execPath,
        args: [npm.script, ...args, ...flags],
        cwd: staged.folder,
        env: { ...systemEnvironment(), HOME: own, npm_config_cache: join(own, 'cache'), ...door.env, ...trust.env },
        secrets: [],
      }
      const confined = jailer(installer, { dataFolder: staged.folder, doors: [door.door] })
      refuseFailure(await runInJail(launch, { jail: confined, signal, ms: installMs }), registry)
    } finally {
      await door.close()
    }
    await rm(join(staged.folder, npmsFolder), { recursive: true, force: true })
    const lock = await installedLock(staged.folder)
    const loose = unheld(lock)
    if (loose.length > 0)
      throw new PackageError(
        `nothing holds ${loose.slice(0, 3).join(', ')} to what it is now: only packed packages can be pinned`,
      )
    const [name = ''] = dependenciesOf(lock)
    const text = await readFile(join(staged.folder, 'node_modules', name, 'package.json'), 'utf8')
    const { version, program } = programOf(name, JSON.parse(text))
    return { name, version, lock, program, folder: await staged.keep(lock) }
  } finally {
    await staged.discard()
  }
}

const flags = [
  '--ignore-scripts',
  '--omit=dev',
  '--no-bin-links',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--no-progress',
  '--loglevel=error',
  // npm's own pauses, of 10 s and 60 s for each package, would use up the time before a person is told what is wrong.
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
  // Archives come from the one registry that there is a door to, whatever host it names for them; and none is written down.
  '--replace-registry-host=always',
  '--omit-lockfile-registry-resolved',
]

function refuseFailure({ ending, said }: Ran, registry: URL): void {
  if (ending === 'exit code 0') return
  const lines = said.split('\n').filter((line) => /^npm (error|ERR!) (?!A complete log|\s|code )/.test(line))
  const why = lines.map((line) => line.replace(/^npm (error|ERR!) /, '')).slice(0, 3)
  throw new PackageError(
    `npm could not install it from ${registry.host} (${ending})${why.map((line) => `\n  ${line}`).join('')}`,
  )
}

function dependenciesOf({ packages }: Lockfile): string[] {
  return Object.keys((packages['']?.dependencies ?? {}) as object)
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
}
