import { join } from 'node:path'
import { build } from 'esbuild'

/** A server as one module of plain JavaScript. */
export interface CompiledServer {
  code: Uint8Array
  /** The folders of the packages in it, relative to the project's root and in order. */
  packages: string[]
}

/** Packages in the older module format call `require`, which a module does not have by itself. */
const banner = "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)"

/**
 * Puts a server and all that it imports into one module that needs nothing but Node. The same sources give the same bytes,
 * wherever the project lies. It is not minified, so that who installs it can read it. Rejects where something is missing.
 */
export async function compileServer(root: string, entry: string): Promise<CompiledServer> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, entry)],
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    banner: { js: banner },
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const folders = Object.keys(metafile.inputs).flatMap((path) => packageFolder(path) ?? [])
  return { code: outputFiles[0]?.contents ?? new Uint8Array(), packages: [...new Set(folders)].sort() }
}

/** `node_modules/a/node_modules/@b/c` of a file in it; undefined for what is no package's. */
function packageFolder(path: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
}
