import type { Issue } from '../shared/failure.ts'
import type { ServerManifest } from '../shared/manifest.ts'
import { checkNames } from './check-names.ts'
import type { Config } from './config.ts'
import { expectFault } from './enforce/expect.ts'
import { openPackageStore } from './execute/packages/package-store.ts'
import { pinsFile, readPins } from './execute/pin-store.ts'
import { readJoined, refused } from './joined-files.ts'
import { type Catalogue, catalogueOf } from './model/catalogue.ts'
import { type JoinedServer, packageFolder } from './model/joined-server.ts'
import { withOverlay } from './model/overlay.ts'
import { withPins } from './model/pin.ts'
import { readManifest } from './read-manifest.ts'

/**
 * The reviewed tools: of the project's own servers, of strangers' servers as their overlays make them, and with what was
 * accepted since. Throws with every fault of the files that say so.
 */
export function loadCatalogue(config: Config): Catalogue {
  const manifest = readManifest(config.root)
  const joined = readJoined(config)
  const issues: Issue[] = Object.keys(joined)
    .filter((name) => manifest.servers.some((own) => own.name === name))
    .map((name) => ({ path: `/servers/${name}`, message: 'has the name of a server of the project' }))
  const servers = Object.entries(joined).flatMap(([name, entry]) => {
    const effective = effectiveManifest(name, entry, config)
    if (effective.ok) return [effective.manifest]
    issues.push(...effective.issues)
    return []
  })
  if (issues.length > 0) throw refused(config.serversFile, issues)
  const catalogue = {
    ...catalogueOf({ version: 1, servers: [...manifest.servers, ...servers] }),
    joined: new Map(Object.entries(joined).map(([name, { origin, credentials }]) => [name, { origin, credentials }])),
  }
  checkNames(config, catalogue)
  return withPins(catalogue, readPins(pinsFile(config.home)))
}

/** The manifest of a joined server with its overlay, its command on this machine; or what is wrong, by its path in the file. */
export function effectiveManifest(
  name: string,
  { origin, manifest, overlay }: Pick<JoinedServer, 'origin' | 'manifest' | 'overlay'>,
  { home }: Pick<Config, 'home'>,
): { ok: true; manifest: ServerManifest } | { ok: false; issues: Issue[] } {
  const at = `/servers/${name}`
  if (manifest.name !== name)
    return {
      ok: false,
      issues: [{ path: `${at}/manifest/name`, message: `must be ${name}, the name it stands under` }],
    }
  const overlaid = withOverlay(manifest, overlay ?? { tools: {} })
  const issues = overlaid.ok ? expectIssues(overlaid.manifest) : overlaid.issues
  if (!overlaid.ok || issues.length > 0)
    return { ok: false, issues: issues.map(({ path, message }) => ({ path: `${at}/overlay${path}`, message })) }
  return {
    ok: true,
    manifest: origin.from === 'npm' ? placed(overlaid.manifest, name, origin.lock, home) : overlaid.manifest,
  }
}

/** Its package lies in this home, under its lockfile's digest. */
function placed(manifest: ServerManifest, name: string, lock: string, home: string): ServerManifest {
  const folder = openPackageStore({ path: home }).folderOf(name, lock)
  return { ...manifest, command: manifest.command.map((word) => word.replace(packageFolder, () => folder)) }
}

function expectIssues({ tools }: ServerManifest): Issue[] {
  return tools.flatMap(({ name, expect }) => {
    const fault = expect === undefined ? undefined : expectFault(expect)
    return fault === undefined ? [] : [{ path: `/tools/${name}/expect`, message: fault }]
  })
}
