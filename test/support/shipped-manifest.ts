import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Manifest, manifestSchema } from '../../shared/manifest.ts'
import { root } from './remit-command.ts'

const shipped = ['billing', 'email', 'organizations', 'provisioning', 'slack']

/** What the servers that Remit ships were reviewed to do, whatever others lie beside them. */
export function shippedManifest(): Manifest {
  const text = readFileSync(join(root, 'servers', 'manifest.json'), 'utf8')
  const { version, servers } = manifestSchema.parse(JSON.parse(text))
  return { version, servers: servers.filter(({ name }) => shipped.includes(name)) }
}
