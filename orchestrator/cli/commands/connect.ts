import { type Command, InvalidArgumentError } from 'commander'
import type { JsonObject } from '../../../shared/json.ts'
import { didYouMean } from '../../../shared/nearest-name.ts'
import { ConfigurationError, ownEntries, partOf, withEntries, withoutEntries } from '../connect/edit-configuration.ts'
import { type Entry, entryName, ownPrefix } from '../connect/entry.ts'
import { type Scope, scopes } from '../connect/host-paths.ts'
import { type Host, hosts, type Rendered, render } from '../connect/hosts.ts'
import { readText, rewriteFile } from '../connect/rewrite-file.ts'
import { type AddCommand, type Context, commandName, jsonOption, note, print, printJson } from '../context.ts'
import { untilInterrupted } from '../open-interruptibly.ts'
import { InputError } from '../remit.ts'
import { diffLines } from '../text/diff-lines.ts'
import { doubtful, good, type Line } from '../text/line.ts'

interface ConnectOptions {
  scope?: Scope
  remove?: boolean
  print?: boolean
  yes?: boolean
  json?: boolean
}

/** `remit connect`: writes capability servers, or Remit itself, into the configuration of an MCP host, or takes them out. */
export const addConnect: AddCommand = (program, context) => {
  program
    .command('connect')
    .summary('use capability servers from an MCP host such as Claude Desktop or VS Code')
    .description(
      `Show what would change in the configuration of an MCP host, and change it after a yes.\nHosts: ${Object.keys(hosts).join(', ')}.`,
    )
    .argument('<host>', 'the host', (id) => {
      if (Object.hasOwn(hosts, id)) return id
      const names = Object.keys(hosts)
      throw new InvalidArgumentError(didYouMean(id, names).slice(2) || `It must be one of ${names.join(', ')}.`)
    })
    .argument(
      '[server...]',
      `capability servers, or "${ownPrefix}" for Remit's own endpoint; every server where left out`,
    )
    .option('--scope <scope>', 'for all that you do (user), or in this folder (project)', scopeOf)
    .option('--remove', 'take them out again; all of ours where no server is named')
    .option('--print', 'only show what would change')
    .option('-y, --yes', 'change it without being asked')
    .option(...jsonOption)
    .action(async (id: string, servers: string[], options: ConnectOptions, command: Command) => {
      const host = hosts[id]
      if (!host) throw new TypeError(`connect: ${command.name()} let the unknown host ${id} pass`)
      await connect(host, servers, options, context)
    })
}

function scopeOf(text: string): Scope {
  const scope = scopes.find((each) => each === text)
  if (!scope) throw new InvalidArgumentError(`It must be ${scopes.join(' or ')}.`)
  return scope
}

async function connect(host: Host, servers: string[], options: ConnectOptions, context: Context): Promise<void> {
  const { terminal } = context
  const file = fileOf(host, options.scope, context)
  const was = readText(file)
  const { is, names, missing } = orRefuse(file, () => change(host, servers, was, options, context))
  const changed = is !== was
  const [before, after] = [was, is].map((text) => partOf(text, host, names))
  if (!options.json) print(context, [[file], ...changeLines(before, after), ...missingLines(host, missing)])
  const written = changed && !options.print && (options.yes === true || (await agreed(host, options, context)))
  const backup = written ? rewriteFile(file, is, new Date(terminal.now())) : undefined
  if (options.json)
    return printJson(context, {
      host: host.title,
      file,
      changed,
      written,
      ...(backup && { backup }),
      missing,
      before,
      after,
    })
  if (!changed) print(context, [[good('✓ '), 'Nothing to do: it is so already.']])
  if (!written) return
  print(context, [
    [good('✓ '), `Written: ${file}`],
    ...(backup === undefined ? [] : [[`  What was there: ${backup}`]]),
    [`  Restart ${host.title} to have it count.`],
  ])
}

function fileOf({ title, files }: Host, wanted: Scope | undefined, { workplace, terminal }: Context): string {
  const scope = wanted ?? scopes.find((each) => files[each])
  const file = scope && files[scope]
  if (!file) throw new InputError(`${title} has no configuration for one ${wanted}`)
  return file({ ...workplace.machine, project: terminal.folder })
}

function change(
  host: Host,
  servers: string[],
  was: string,
  { remove }: ConnectOptions,
  { workplace }: Context,
): { is: string; names: string[]; missing: string[] } {
  if (remove) {
    const names = servers.length === 0 ? ownEntries(was, host) : servers.map(nameOf)
    return { is: withoutEntries(was, host, names), names, missing: [] }
  }
  const wanted = servers.length === 0 ? [...workplace.catalogue.servers.keys()] : servers
  const rendered = wanted.map((server): [string, Rendered] => [
    nameOf(server),
    renderOf(host, workplace.entryOf(server)),
  ])
  const missing = [...new Set(rendered.flatMap(([, each]) => each.missing))]
  return { is: withEntries(was, host, Object.fromEntries(rendered)), names: wanted.map(nameOf), missing }
}

function nameOf(server: string): string {
  return server === ownPrefix ? ownPrefix : entryName(server)
}

function renderOf(host: Host, entry: Entry): Rendered {
  const rendered = render(host, entry)
  if (!rendered)
    throw new InputError(`${host.title} takes no URL in its configuration: connect capability servers to it`)
  return rendered
}

function orRefuse<Result>(file: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    throw new InputError(`${file} is left as it is: ${error.message}`)
  }
}

async function agreed(host: Host, { json }: ConnectOptions, context: Context): Promise<boolean> {
  const { terminal } = context
  if (json) return false
  if (!terminal.canAsk) {
    note(context, [[`Nothing is written. Run it on a terminal, or with --yes: ${commandName} connect … --yes`]])
    return false
  }
  const question = `Let ${host.title} start these commands? [y/N] `
  const answer = await untilInterrupted(terminal, () => terminal.ask(question))
  if (!/^\s*y(es)?\s*$/i.test(answer ?? '')) throw new InputError('Nothing was written')
  return true
}

function changeLines(before: JsonObject | undefined, after: JsonObject | undefined): Line[] {
  const [was, is] = [before, after].map((part) => JSON.stringify(part ?? {}, null, 2))
  return diffLines(was ?? '', is ?? '').map((line): Line => ['  ', ...line])
}

function missingLines({ title }: Host, missing: readonly string[]): Line[] {
  if (missing.length === 0) return []
  return [
    [doubtful('! '), `${title} has no way to be told ${missing.join(', ')} without its being written down.`],
    ['  Give those by file:, keychain: or exec: sources in the configuration, or start the host with them set.'],
  ]
}
