import { join } from 'node:path'
import { codeFolder } from '../../../shared/own-package.ts'
import { newServer } from '../../scaffold/new-server.ts'
import { ScaffoldError } from '../../scaffold/scaffold-error.ts'
import { serverNames } from '../../scaffold/server-names.ts'
import { type AddGroundwork, commandName, type Groundwork, print } from '../context.ts'
import { InputError } from '../remit.ts'
import { good, name as styled } from '../text/line.ts'
import { projectOf, runScript } from './manifest.ts'

interface NewOptions {
  thing?: string
  title?: string
}

/** `remit new`: a folder with a capability server that works, to be changed into the one that is wanted. */
export const addNew: AddGroundwork = (program, context) => {
  program
    .command('new')
    .summary('make a capability server: a folder with its tools, client, emulator, tests and README')
    .argument('<server>', 'its name, one word: crm')
    .option('--thing <word>', 'what its tools create, find and delete: contact')
    .option('--title <title>', 'what people call it: "CRM"')
    .action(async (server: string, options: NewOptions) => {
      await makeServer(server, options, context)
    })
}

async function makeServer(server: string, options: NewOptions, context: Groundwork): Promise<void> {
  const project = projectOf(context)
  const files = orInputError(() => newServer(project, serverNames(server, options)))
  print(context, [
    [good('✓ '), 'Made ', styled(`servers/${server}`), `: ${files.length} files`],
    ...files.map((file) => [`  ${file}`]),
  ])
  const failed = await runScript('manifest', ['--project', project], context)
  // The reference page is a part of the checkout alone.
  context.exitCode = failed || (project === codeFolder ? await runScript('reference', [], context) : 0)
  if (failed) return
  print(context, [
    [`  Review what it may do: ${join('servers', 'manifest.json')}`],
    [`  See its tools: ${commandName} tools ${server}`],
  ])
}

/** What cannot be made as it was asked for is a person's to mend. */
export function orInputError<Result>(make: () => Result): Result {
  try {
    return make()
  } catch (error) {
    if (error instanceof ScaffoldError) throw new InputError(error.message)
    throw error
  }
}
