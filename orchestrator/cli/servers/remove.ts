import { type AddCommand, jsonOption, print, printJson } from '../context.ts'
import { good } from '../text/line.ts'

/** `remit servers remove`: a stranger's server takes part no more. */
export const addRemove: AddCommand = (servers, context) => {
  servers
    .command('remove')
    .summary('take a server out that was added')
    .argument('<server>', 'its name')
    .option(...jsonOption)
    .action(async (server: string, _: unknown, command: { optsWithGlobals(): { json?: boolean } }) => {
      await context.workplace.dropServer(server)
      if (command.optsWithGlobals().json) return printJson(context, { removed: server })
      print(context, [
        [
          good('✓ '),
          `${server} takes part no more. Calls that are under way settle; what runs planned with it is refused.`,
        ],
      ])
    })
}
