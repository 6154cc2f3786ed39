import type { ServerManifest } from '../shared/manifest.ts'
import type { Config } from './config.ts'

/** True where a server runs in no sandbox, because its manifest or the configuration says so. */
export function isUnconfined({ sandbox }: Pick<Config, 'sandbox'>, { jail }: Pick<ServerManifest, 'jail'>): boolean {
  return sandbox.driver === 'none' || jail?.sandbox === 'none'
}
