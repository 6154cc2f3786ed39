import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { InputError } from './cli/remit.ts'
import type { Home } from './home/home.ts'

const secretSchema = z.object({ url: z.string().regex(/^postgres(ql)?:\/\//) })

/**
 * The URL of a workspace's database, by the name of its secret: it lies in the data folder of the server that made it. The
 * embedded Postgres may listen elsewhere since then, so its present port wins. The URL holds a password: never print it.
 */
export async function findWorkspaceUrl(
  home: Home,
  workspace: string,
  embeddedPort: number | undefined,
): Promise<{ url: string; secret: string }> {
  const secrets = workspaceSecrets(home)
  const found = secrets.find(({ name, database }) => [name, database].includes(workspace))
  if (!found) {
    const known = secrets.map(({ name }) => name)
    const choices = known.length > 0 ? `there are ${known.join(', ')}` : 'none was made on this REMIT_HOME yet'
    throw new InputError(`There is no workspace ${workspace}: ${choices}`)
  }
  const url = new URL(found.url)
  if (embeddedPort !== undefined) url.port = String(embeddedPort)
  return { url: url.href, secret: `secret:${found.server}/${found.name}` }
}

function workspaceSecrets(home: Home): { server: string; name: string; database: string; url: string }[] {
  const servers = join(home.path, 'servers')
  if (!existsSync(servers)) return []
  return readdirSync(servers).flatMap((server) => {
    const folder = join(servers, server, 'secrets')
    if (!existsSync(folder)) return []
    return readdirSync(folder).flatMap((name) => {
      const parsed = secretSchema.safeParse(JSON.parse(readFileSync(join(folder, name), 'utf8')))
      if (!parsed.success) return []
      return [{ server, name, database: new URL(parsed.data.url).pathname.slice(1), url: parsed.data.url }]
    })
  })
}
