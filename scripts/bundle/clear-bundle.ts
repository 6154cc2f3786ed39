import { readdirSync, rmSync, statSync } from 'node:fs'

/** What may lie in a bundle's folder. */
const made = ['Dockerfile', 'THIRD-PARTY-LICENSES.txt', 'compose.yaml', 'server.json', 'server.mjs']

/** Removes an earlier bundle. Throws where the folder holds anything that no bundle has, such as a server's sources. */
export function clearBundle(folder: string): void {
  const there = statSync(folder, { throwIfNoEntry: false })
  if (!there) return
  const names = there.isDirectory() ? readdirSync(folder) : ['']
  const foreign = names.find((name) => !made.includes(name) && !name.endsWith('.mcpb'))
  if (foreign !== undefined)
    throw new Error(
      `${folder} is no bundle${foreign && ` (it holds ${foreign})`}, and is left as it is: choose another --out`,
    )
  rmSync(folder, { recursive: true })
}
