import { type AddCommand, type Context, note } from '../context.ts'
import { agreeToGoLive } from '../go-live.ts'
import { interruptible } from '../open-interruptibly.ts'
import { printable } from '../text/printable.ts'

/** `remit serve`: one capability server for a host such as Claude Desktop or an IDE, which starts it and speaks MCP with it. */
export const addServe: AddCommand = (program, context) => {
  program
    .command('serve')
    .summary('serve one capability server, or Remit itself, to an MCP host, over stdio')
    .description(
      'Serve one capability server to the host that starts this command: over stdio, in its jail, under the policy, and recorded.',
    )
    .argument('<server>', 'the name of a capability server, or remit for Remit itself with all of them')
    .option('-y, --yes', 'agree to go live with the accounts that it names')
    .action(async (server: string, { yes = false }: { yes?: boolean }) => {
      await serve(server, yes, context)
    })
}

async function serve(server: string, yes: boolean, context: Context): Promise<void> {
  const { workplace, terminal } = context
  await agreeToGoLive(context, { yes, server })
  const tell = (line: string) => note(context, [[printable(line)]])
  const serving = await interruptible(terminal, (signal) => workplace.serve(server, { signal, tell }))
  const { recorded } = serving
  const interrupted = Promise.withResolvers<void>()
  const off = terminal.onInterrupt(() => interrupted.resolve())
  try {
    if ('home' in recorded) tell(`${server}: recorded in ${recorded.home}`)
    else tell(`${server}: unrecorded: ${recorded.why}`)
    await Promise.race([serving.ended, interrupted.promise])
  } finally {
    await serving.close()
    off()
  }
}
