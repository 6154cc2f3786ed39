import { join } from 'node:path'
import { findServers } from '../../../scripts/build-manifest.ts'
import type { AnyServer } from '../../../shared/capability/define-server.ts'

/** A server under contract: its definition, how to start it, and an environment that it takes (nothing answers there). */
export interface Subject {
  server: AnyServer
  /** The folder that scripts are started in. */
  cwd: string
  /** Absolute, as all paths. */
  script: string
  /** Where its code is; absent for what is no folder of its own. */
  folder?: string
  environment: Record<string, string>
}

/** Every server of a project. */
export async function subjectsOf(project: string): Promise<Subject[]> {
  const servers = await findServers(project)
  return servers.map((server) => {
    const folder = join(project, 'servers', server.name)
    return { server, cwd: project, script: join(folder, 'main.ts'), folder, environment: environmentFor(server) }
  })
}

/** The discard port: connections are refused at once. */
const nowhere = {
  http: 'http://127.0.0.1:9/',
  smtp: 'smtp://127.0.0.1:9',
  postgres: 'postgres://someone:contract@127.0.0.1:9/nothing',
}

/** Credentials as vendors shape them; a server's own schema picks. */
const credentials = [
  'contract-credential',
  nowhere.postgres,
  'sk_test_contract',
  'xoxb-1-contract',
  'tok_contract',
  nowhere.smtp,
  nowhere.http,
]

/** A value for each variable that a server requires: the placeholder of a credential that it does not hold, or one of a usual shape. */
export function environmentFor(server: AnyServer): Record<string, string> {
  return Object.fromEntries(
    requiredVariables(server).map((variable) => {
      const type = server.environment.shape[variable]
      const protocol = server.endpoints?.[variable]?.protocol
      const slot = server.credentials?.[variable]
      const placeholder = slot?.delivery === 'egress' ? [slot.placeholder] : []
      const candidates = protocol === undefined ? credentials : [nowhere[protocol], ...Object.values(nowhere)]
      const value = [...placeholder, ...candidates].find((candidate) => type?.safeParse(candidate).success)
      if (value === undefined)
        throw new Error(
          `no sample value suits ${variable} of ${server.name}: let it take one of ${candidates.join(', ')}`,
        )
      return [variable, value]
    }),
  )
}

/** The variables without which a server does not start. */
export function requiredVariables({ environment }: AnyServer): string[] {
  return Object.entries(environment.shape).flatMap(([variable, type]) =>
    type.safeParse(undefined).success ? [] : [variable],
  )
}
