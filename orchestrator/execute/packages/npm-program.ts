import { execFile } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PackageError } from './package-store.ts'

const execute = promisify(execFile)
const askedMs = 30_000

type Environment = Readonly<Record<string, string | undefined>>

/** npm, as it is installed on this machine. */
export interface NpmProgram {
  /** `npm-cli.js`. */
  script: string
  /** The folder that holds all of npm. */
  folder: string
}

/** The npm that started this command, or the one of the PATH. Throws a {@link PackageError} where there is none. */
export function findNpm({ npm_execpath: own, PATH = '' }: Environment): NpmProgram {
  const onPath = PATH.split(delimiter).flatMap((folder) => [
    join(folder, 'npm'),
    join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ])
  for (const path of [...(own ? [own] : []), ...onPath]) {
    if (!existsSync(path)) continue
    const script = realpathSync(path)
    if (/[\\/]npm-cli\.js$/.test(script)) return { script, folder: dirname(dirname(script)) }
  }
  throw new PackageError('npm is not on the PATH: install it, or start Remit by "npm run"')
}

/** Whom npm trusts beside the authorities that Node brings, as behind a company's mirror: what it is told, and may read for that. */
export function extraTrust({ NODE_EXTRA_CA_CERTS: file }: Environment): {
  env: Record<string, string>
  read: string[]
} {
  if (!file || !existsSync(file)) return { env: {}, read: [] }
  const path = realpathSync(file)
  return { env: { NODE_EXTRA_CA_CERTS: path }, read: [path] }
}

/** The registry that npm's own configuration names for a package. */
export async function registryFor(
  { script }: NpmProgram,
  packageName: string,
  { env, cwd }: { env: Environment; cwd: string },
): Promise<URL> {
  const scope = /^(@[^/]+)\//.exec(packageName)?.[1]
  const ask = async (key: string) => {
    const { stdout } = await execute(process.execPath, [script, 'config', 'get', key], { cwd, env, timeout: askedMs })
    return URL.parse(stdout.trim())
  }
  const registry = (scope && (await ask(`${scope}:registry`))) || (await ask('registry'))
  if (!registry || !/^https?:$/.test(registry.protocol))
    throw new PackageError('npm names no registry: npm config get registry')
  return registry
}
