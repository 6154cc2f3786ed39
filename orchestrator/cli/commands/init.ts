import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { initProject } from '../../scaffold/init-project.ts'
import { type AddGroundwork, type Groundwork, print } from '../context.ts'
import { good, name } from '../text/line.ts'
import { runScript } from './manifest.ts'
import { orInputError } from './new.ts'

/** `remit init`: a project of one's own, which depends on Remit as a package. */
export const addInit: AddGroundwork = (program, context) => {
  program
    .command('init')
    .summary('make a project of your own')
    .argument('[folder]', 'where; this folder where left out', '.')
    .action(async (folder: string) => {
      await makeProject(resolve(context.terminal.folder, folder), context)
    })
}

async function makeProject(folder: string, context: Groundwork): Promise<void> {
  orInputError(() => initProject(folder))
  print(context, [
    [good('✓ '), 'Made ', name(folder), ': configuration, policy, the goal welcome, the server guestbook'],
  ])
  // The manifest comes from the server's code, which imports the package.
  const isInstalled = existsSync(join(folder, 'node_modules', 'remit'))
  if (isInstalled) context.exitCode = await runScript('manifest', ['--project', folder], context)
  const place = relative(context.terminal.folder, folder)
  print(context, [
    ['Next'],
    ...(place === '' ? [] : [[`  cd ${place}`]]),
    ['  npm install'],
    ...(isInstalled ? [] : [['  npx remit manifest']]),
    [`  npx remit run welcome --input '{"guest": "Ada Lovelace"}'`],
  ])
}
