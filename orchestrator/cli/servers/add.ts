import type { Command } from 'commander'
import type { CredentialReference } from '../../model/joined-server.ts'
import { unpinned } from '../../model/joined-server.ts'
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
} from '../context.ts'
import { interruptible, untilInterrupted } from '../open-interruptibly.ts'
import { InputError } from '../remit.ts'
import { good } from '../text/line.ts'
import { proposalLines } from './proposal-lines.ts'
import { credentialOption, readWish, type WishOptions } from './read-wish.ts'
import type { JoinProposal } from './server-wish.ts'

interface AddOptions extends WishOptions {
  yes?: boolean
  json?: boolean
}

const collect = (one: string, before: string[]) => [...before, one]

/** `remit servers add`: a stranger's server joins: started in its jail, looked at, shown to a person, and pinned once accepted. */
export const addAdd: AddCommand = (servers, context) => {
  servers
    .command('add')
    .summary('let any MCP server take part')
    .description(
      'Start any MCP server in a jail, show what its tools would be taken for, and pin it once that is accepted. SPEC is npm:NAME[@VERSION], npm:file:ARCHIVE.tgz, an https URL, or a JSON or YAML file that describes a server. Added again under its name, a server is replaced: by a newer version, or with other grants.',
    )
    .argument('[spec]', 'where it comes from; with --from the name of the entry')
    .argument('[args...]', 'after --: what it is started with; folders among them it may read and write')
    .option('--from <file>', "take it over from a host's own configuration, such as claude_desktop_config.json")
    .option('--name <name>', 'what to call it')
    .option(
      '--credential <slot>',
      'a variable that it needs, as SLOT, SLOT=env:NAME or SLOT=file:PATH; for a URL its bearer token',
      credentialOption,
      {} as Record<string, CredentialReference>,
    )
    .option('--read <path>', 'let it read a file or a folder', collect, [] as string[])
    .option('--write <folder>', 'let it read and write a folder', collect, [] as string[])
    .option('--egress <host:port>', 'let it reach a host', collect, [] as string[])
    .option('--overlay <file>', 'what you say of its tools: facts, effects, expect, compensation and lookup')
    .option('-y, --yes', 'accept what is proposed without being asked')
    .option(...jsonOption)
    .action(async (spec: string | undefined, args: string[], _: AddOptions, command: Command) => {
      await add(spec, args, command.optsWithGlobals<AddOptions>(), context)
    })
}

async function add(spec: string | undefined, args: string[], options: AddOptions, context: Context): Promise<void> {
  const { terminal, workplace } = context
  const wish = readWish(spec, args, options, terminal.folder)
  const { yes = false, json = false } = options
  if (!yes && !json && !terminal.canAsk)
    throw new InputError(
      `Nobody is here to look at what is proposed: add it on a terminal, or with --yes (or look first: --json)`,
    )
  let accepted = false
  const proposal = await interruptible(terminal, (signal) =>
    workplace.joinServer(wish, {
      signal,
      onStarting: (what) => note(context, [[`Starting ${what}`]]),
      accept: async (shown) => {
        if (!json) print(context, proposalLines(shown, { columns: columnsOf(context), fit: tableFit(context) }))
        accepted = yes || (!json && (await agreed(shown, context)))
        return accepted
      },
    }),
  )
  if (json) return printJson(context, { accepted, ...proposal, unpinned: unpinned(proposal.origin) ?? null })
  const { name } = proposal.server
  print(context, [
    [good('✓ '), `${name} takes part: recorded, and in servers.json, which belongs under version control.`],
    [`  Its tools: ${commandName} tools ${name}. It counts at once, also where remit start runs.`],
  ])
}

async function agreed({ server }: JoinProposal, { terminal }: Context): Promise<boolean> {
  const answer = await untilInterrupted(terminal, () =>
    terminal.ask(`Let ${server.name} take part, as proposed? [y/N] `),
  )
  if (!/^\s*y(es)?\s*$/i.test(answer ?? '')) throw new InputError('Not accepted: nothing was kept')
  return true
}
