import type { Json } from '../../../shared/json.ts'
import { type AddCommand, printJson } from '../context.ts'
import { exitCodes } from '../follow-run.ts'
import { readInput } from '../read-input.ts'

/** `remit request`: asks the service that runs here, with the local key. */
export const addRequest: AddCommand = (program, context) => {
  program
    .command('request')
    .summary('ask the service that runs here over HTTP, with the local key')
    .argument('<path>', 'such as /v1/runs?status=waiting')
    .option('--method <method>', 'GET unless there is an input, then POST')
    .option('--input <file|json>', 'the body: a JSON file, or JSON itself')
    .action(async (path: string, { method, input }: { method?: string; input?: string }) => {
      const { workplace, terminal } = context
      const body =
        input === undefined ? undefined : ((await readInput(input, [terminal.folder, workplace.root])) as Json)
      const asked = { path, method: method?.toUpperCase() ?? (body === undefined ? 'GET' : 'POST') }
      const answer = await workplace.request(body === undefined ? asked : { ...asked, body })
      printJson(context, answer.body)
      if (answer.status >= 400) context.exitCode = exitCodes.failed
    })
}
