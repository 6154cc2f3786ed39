import { causeWithCode } from '../../../shared/never-sent.ts'
import { unpinned } from '../../model/joined-server.ts'
import type { ListedLogin } from '../../model/login.ts'
import type { ServerStatus } from '../../model/server-status.ts'
import {
  type AddCommand,
  type Context,
  columnsOf,
  commandName,
  jsonOption,
  note,
  print,
  printJson,
  tableFit,
  withRemit,
} from '../context.ts'
import { agreeToGoLive } from '../go-live.ts'
import { interruptible } from '../open-interruptibly.ts'
import type { Workplace } from '../remit.ts'
import { addAdd } from '../servers/add.ts'
import { addInstall } from '../servers/install.ts'
import { addRemove } from '../servers/remove.ts'
import { addShowServer } from '../servers/show.ts'
import { noSandbox } from '../story/header.ts'
import { bad, doubtful, faint, type Line, paragraph } from '../text/line.ts'
import { loginsText } from '../text/logins-text.ts'
import { table } from '../text/table.ts'
import { addAccept } from './accept.ts'
import { addLogin } from './login.ts'

interface ServersOptions {
  check?: boolean
  json?: boolean
}

/** `remit servers`: the capability servers of the reviewed manifest, what each is given, and with `--check` how each runs. */
export const addServers: AddCommand = (program, context) => {
  const servers = program
    .command('servers')
    .summary('list the capability servers')
    .option('--check', 'start each, and compare the tools that it tells with the reviewed ones')
    .option(...jsonOption)
    .action(({ check = false, json = false }: ServersOptions) => list(context, { check, json }))
  for (const add of [addAdd, addRemove, addShowServer, addInstall, addAccept, addLogin]) add(servers, context)
}

async function list(context: Context, { check, json }: Required<ServersOptions>): Promise<void> {
  const { workplace } = context
  const { catalogue, mode, unconfined, personal } = workplace
  const { statuses, logins, notKnown } = check ? await checked(context) : await known(workplace)
  const servers = [...catalogue.servers.values()].map((server) => {
    const status = statuses.find((each) => each.server === server.name)
    return {
      name: server.name,
      title: server.title,
      version: server.version,
      tools: server.tools.length,
      accepted: server.tools
        .map((tool) => tool.name)
        .filter((tool) => catalogue.tools.get(`${server.name}.${tool}`)?.pinned !== undefined),
      emulates: mode === 'emulated' ? (server.emulator?.vendor ?? null) : null,
      endpoints: Object.keys(server.endpoints),
      credentials: Object.keys(server.credentials),
      sandboxed: !unconfined.includes(server.name),
      origin: catalogue.joined?.get(server.name)?.origin ?? null,
      ...(status && { status }),
      ...(logins &&
        personal.includes(server.name) && { logins: logins.filter((login) => login.server === server.name) }),
    }
  })
  const nobody = servers.filter(({ logins: those, status }) => check && those && !status).map(({ name }) => name)
  if (statuses.some(isAmiss) || nobody.length > 0) context.exitCode = 1
  if (json) return printJson(context, servers)
  const columns = [
    { title: 'server' },
    { title: 'version' },
    { title: 'tools', align: 'right' as const },
    { title: 'accepted', align: 'right' as const },
    ...(check ? [{ title: 'runs' }, { title: 'refused', align: 'right' as const }] : []),
    ...(logins ? [{ title: 'logged in' }] : []),
    { title: 'emulated' },
    { title: 'endpoints' },
    { title: 'credentials' },
  ]
  const rows = servers.map(
    ({ name, version, tools, accepted, emulates, endpoints, credentials, status, logins: those }) => [
      name,
      version,
      String(tools),
      String(accepted.length),
      ...(check ? [runs(status), String(status?.quarantined.length ?? 0)] : []),
      ...(logins ? [those ? loginsText(those, context.terminal.now()) : '-'] : []),
      emulates ?? '-',
      endpoints.join(', ') || '-',
      credentials.join(', ') || '-',
    ],
  )
  print(context, table(columns, rows, tableFit(context)))
  if (notKnown !== undefined) print(context, [[faint(`Who is logged in is not known: ${notKnown}`)]])
  print(context, statuses.flatMap(troubleOf))
  for (const { name, origin } of servers) {
    const why = origin && unpinned(origin)
    if (why) print(context, paragraph([doubtful('! '), `${name}: `], why, columnsOf(context)))
  }
  print(
    context,
    nobody.flatMap((server): Line[] => [
      [bad('✗ '), `${server} was not reached as you: ${commandName} servers login ${server}`],
    ]),
  )
  if (unconfined.length > 0)
    print(context, paragraph([bad('sandbox'), ' '], noSandbox(unconfined), columnsOf(context), 'bad'))
}

/** What is looked at: how each server runs, and who is logged in, or why that is not known; neither where nobody logs in. */
interface Looked {
  statuses: ServerStatus[]
  logins?: ListedLogin[]
  notKnown?: string
}

/** Starts nothing. */
async function known({ personal, lookAtLogins }: Workplace): Promise<Looked> {
  if (personal.length === 0) return { statuses: [] }
  try {
    const logins = await lookAtLogins()
    return logins
      ? { statuses: [], logins }
      : { statuses: [], notKnown: 'the record does not run now. --check starts it.' }
  } catch (error) {
    const code = causeWithCode(error).code ?? 'unknown error'
    return { statuses: [], notKnown: `the record runs, and Postgres does not say (${code}).` }
  }
}

async function checked(context: Context): Promise<Looked> {
  const { terminal, workplace } = context
  await agreeToGoLive(context, { yes: false })
  note(context, [['Starting every server to look at its tools.']])
  const statuses = await interruptible(terminal, (signal) => workplace.checkServers({ signal }))
  if (workplace.personal.length === 0) return { statuses }
  return { statuses, logins: await withRemit(context, { servers: false }, (remit) => remit.logins.list()) }
}

function isAmiss({ state, quarantined, instances }: ServerStatus): boolean {
  return state !== 'up' || quarantined.length > 0 || (instances !== undefined && instances.working < instances.of)
}

function runs(status: ServerStatus | undefined): string {
  if (!status) return '-'
  const { state, era = 'unknown era', instances } = status
  const parts = instances ? `, ${instances.working} of ${instances.of} instances` : ''
  return state === 'up' ? `up, ${era}${parts}` : state.replace('_', ' ')
}

function troubleOf({ server, quarantined, last_error }: ServerStatus): Line[] {
  const down: Line[] = last_error ? [[bad('✗ '), `${server}: ${last_error.message}`]] : []
  if (quarantined.length === 0) return down
  return [
    ...down,
    ...quarantined.map(({ tool, why }): Line => [bad('✗ '), `${server}.${tool} is refused: ${why}`]),
    [`  Look at the difference: remit servers accept ${server}`],
  ]
}
