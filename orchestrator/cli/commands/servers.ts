import { type AddCommand, columnsOf, jsonOption, print, printJson, tableFit } from '../context.ts'
import { noSandbox } from '../story/header.ts'
import { bad, paragraph } from '../text/line.ts'
import { table } from '../text/table.ts'

/** `remit servers`: the capability servers of the reviewed manifest, and what each is given. */
export const addServers: AddCommand = (program, context) => {
  program
    .command('servers')
    .summary('list the capability servers')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) => {
      const { catalogue, mode, unconfined } = context.workplace
      const servers = [...catalogue.servers.values()].map((server) => ({
        name: server.name,
        title: server.title,
        version: server.version,
        tools: server.tools.length,
        emulates: mode === 'emulated' ? (server.emulator?.vendor ?? null) : null,
        endpoints: Object.keys(server.endpoints),
        credentials: Object.keys(server.credentials),
        sandboxed: !unconfined.includes(server.name),
      }))
      if (json) return printJson(context, servers)
      print(
        context,
        table(
          [
            { title: 'server' },
            { title: 'version' },
            { title: 'tools', align: 'right' },
            { title: 'emulated' },
            { title: 'endpoints' },
            { title: 'credentials' },
          ],
          servers.map(({ name, version, tools, emulates, endpoints, credentials }) => [
            name,
            version,
            String(tools),
            emulates ?? '-',
            endpoints.join(', ') || '-',
            credentials.join(', ') || '-',
          ]),
          tableFit(context),
        ),
      )
      if (unconfined.length > 0)
        print(context, paragraph([bad('sandbox'), ' '], noSandbox(unconfined), columnsOf(context), 'bad'))
    })
}
