import { reserveStdout } from '../shared/capability/reserve-stdout.ts'
import { didYouMean } from '../shared/nearest-name.ts'
import { commandName } from '../shared/own-package.ts'
import { type HostSession, InputError, type OpenOptions } from './cli/remit.ts'
import type { Config } from './config.ts'
import type { Policy } from './enforce/policy/policy.ts'
import { serveFront } from './execute/serve-front.ts'
import { checkSlots, goingLive } from './go-live.ts'
import type { Catalogue } from './model/catalogue.ts'
import { openHostCalls } from './open-host-calls.ts'
import { stopUnusedAfterDeath } from './stop-unused-after-death.ts'

/** How long calls in flight may take to come to rest once the host has gone: hosts kill what stays for longer. */
const graceMs = 1_500

/** The catalogue of one server. Throws {@link InputError} where there is no such server, naming those that there are. */
export function serverAlone(catalogue: Catalogue, name: string): Catalogue {
  const server = catalogue.servers.get(name)
  if (!server) {
    const names = [...catalogue.servers.keys()]
    const near = didYouMean(name, names)
    throw new InputError(`There is no server ${name}${near === '' ? `; there are ${names.join(', ')}` : near}`)
  }
  const tools = [...catalogue.tools].filter(([, tool]) => tool.server === name)
  return { ...catalogue, servers: new Map([[name, server]]), tools: new Map(tools) }
}

/** Serves the one server of the catalogue to the host at stdin and stdout. stdout carries the protocol, and nothing else. */
export async function serveHost(
  config: Config,
  catalogue: Catalogue,
  policy: Policy,
  { signal, tell }: Pick<OpenOptions, 'signal'> & { tell(line: string): void },
): Promise<HostSession> {
  const output = reserveStdout()
  await checkSlots(config, catalogue)
  if (await goingLive(config, catalogue))
    throw new InputError('Nobody has agreed to go live with these accounts on this REMIT_HOME')
  const [server] = catalogue.servers.values()
  if (!server) throw new RangeError('serve: the catalogue holds no server')
  const killed = stopUnusedAfterDeath(config)
  const { calls, recorded, close } = await openHostCalls(config, catalogue, policy, signal ? { signal } : {}).catch(
    (error: unknown) => {
      killed.callOff()
      throw error
    },
  )
  const isRecorded = 'home' in recorded
  const served = serveFront({
    server,
    recorded: isRecorded,
    notice: isRecorded ? undefined : `unrecorded: what is done in this session is in no record (${recorded.why}).`,
    input: process.stdin,
    output,
    onFault: (message) => tell(`protocol fault: ${message}`),
    async call({ tool, arguments: args, host, ...call }) {
      const known = catalogue.tools.get(`${server.name}.${tool}`)
      if (!known) throw new RangeError(`serve: ${server.name} has no tool ${tool}`)
      const owner = { ...config.owner, principal: `host:${presentable(host)}` }
      return withAdvice(await calls.ask({ ...call, tool: known, arguments: args, owner }), isRecorded)
    },
  })
  return {
    recorded,
    ended: served.ended,
    async close() {
      await calls.close(graceMs)
      await served.close()
      await close()
      killed.callOff()
    },
  }
}

/** How the host calls itself, fit for a name in the record. */
function presentable(host: string): string {
  return host.replace(/[^\w.@ /-]/g, '_').slice(0, 64)
}

/** What a person can do where a call waits for an approval. */
function withAdvice(
  answer: Awaited<ReturnType<Awaited<ReturnType<typeof openHostCalls>>['calls']['ask']>>,
  isRecorded: boolean,
) {
  const { outcome, approval_id } = answer
  if (outcome.status === 'succeeded' || approval_id === undefined) return answer
  const advice = isRecorded
    ? `A person can approve it with \`${commandName} approve ${approval_id}\`; then call it again with the same arguments.`
    : 'Nobody can approve it in a session that is not recorded.'
  const failure = { ...outcome.failure, message: `${outcome.failure.message}. ${advice}` }
  return { ...answer, outcome: { ...outcome, failure } }
}
