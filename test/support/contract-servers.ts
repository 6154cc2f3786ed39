import { findServers } from '../../scripts/build-manifest.ts'
import type { AnyServer } from '../../shared/capability/define-server.ts'
import { server as fixture } from './fixture-server.ts'

/** A server under contract: its definition, how to start it, and an environment that it takes (nothing answers there). */
export interface ContractServer {
  name: string
  server: AnyServer
  script: string
  environment: Record<string, string>
}

/** Every server of the repository, and the fixture that shows each contract holding. */
export async function contractServers(): Promise<ContractServer[]> {
  const found = (await findServers()).map((server) => ({ server, script: `servers/${server.name}/main.ts` }))
  return [{ server: fixture, script: 'test/support/fixture-main.ts' }, ...found].map(({ server, script }) => ({
    name: server.name,
    server,
    script,
    environment: environmentFor(server),
  }))
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

function environmentFor(server: AnyServer): Record<string, string> {
  const variables = Object.entries(server.environment.shape).filter(([, type]) => !type.safeParse(undefined).success)
  return Object.fromEntries(
    variables.map(([variable, type]) => {
      const protocol = server.endpoints?.[variable]?.protocol
      const candidates = protocol === undefined ? credentials : [nowhere[protocol], ...Object.values(nowhere)]
      const value = candidates.find((candidate) => type.safeParse(candidate).success)
      if (value === undefined) throw new Error(`no sample value suits ${variable} of ${server.name}: add one here`)
      return [variable, value]
    }),
  )
}
