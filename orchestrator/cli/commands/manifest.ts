import { ownModule } from '../../../shared/own-package.ts'
import type { AddGroundwork, Groundwork } from '../context.ts'
import { InputError } from '../remit.ts'

/** `remit manifest`: writes what the project's servers say of themselves into `servers/manifest.json`, to be reviewed. */
export const addManifest: AddGroundwork = (program, context) => {
  program
    .command('manifest')
    .summary('write servers/manifest.json from the servers of this project')
    .option('--check', 'only say whether it would change')
    .action(async ({ check = false }: { check?: boolean }) => {
      context.exitCode = await runScript(
        'manifest',
        ['--project', projectOf(context), ...(check ? ['--check'] : [])],
        context,
      )
    })
}

/** The project's root. Throws {@link InputError} outside any project. */
export function projectOf({ project }: Groundwork): string {
  if (project === undefined) throw new InputError('There is no project here. Make one first: npx remit init')
  return project
}

/** In a process of its own: it loads servers' code, which no command of ours does. Returns its exit code. */
export async function runScript(
  name: string,
  args: string[],
  { terminal }: Pick<Groundwork, 'terminal'>,
): Promise<number> {
  return (await terminal.runProgram(process.execPath, [ownModule(`scripts/${name}`), ...args], {})) ?? 1
}
