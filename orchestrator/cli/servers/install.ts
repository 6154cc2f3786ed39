import { type AddCommand, jsonOption, print, printJson } from '../context.ts'
import { interruptible } from '../open-interruptibly.ts'
import { good } from '../text/line.ts'

/** `remit servers install`: the pinned packages of servers that were added elsewhere, or whose files changed. */
export const addInstall: AddCommand = (servers, context) => {
  servers
    .command('install')
    .summary('install the packages of added servers, exactly as they were pinned')
    .argument('[server...]', 'their names; all of them where left out')
    .option(...jsonOption)
    .action(async (names: string[], _: unknown, command: { optsWithGlobals(): { json?: boolean } }) => {
      const { terminal, workplace } = context
      const installed = await interruptible(terminal, (signal) => workplace.installServers(names, { signal }))
      if (command.optsWithGlobals().json) return printJson(context, { installed })
      print(context, [
        [
          good('✓ '),
          installed.length > 0 ? `Installed ${installed.join(', ')}.` : 'Everything is installed as it was pinned.',
        ],
      ])
    })
}
