import { open, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type AddCommand, commandName, print, runArgument, withRemit } from '../context.ts'
import { InputError } from '../remit.ts'
import { runIdOf } from '../run-address.ts'
import { shortId } from '../story/short-id.ts'
import { good, name } from '../text/line.ts'

/** `remit export`: a run as a file that `verify --file` checks wherever it is taken. */
export const addExport: AddCommand = (program, context) => {
  program
    .command('export')
    .summary('write a run to a file that proves itself')
    .description(
      'Write the events of a run as JSON lines, with the signed heads that cover them. Sealed values stay sealed.',
    )
    .argument(...runArgument)
    .option('--out <file>', 'where to write it; stdout without it')
    .action(async (named: string, { out }: { out?: string }) => {
      const { terminal } = context
      await withRemit(context, { servers: false }, async (remit) => {
        const runId = await runIdOf(remit, named)
        const lines = remit.exportRun(runId)
        if (out === undefined) {
          for await (const line of lines) terminal.stdout(line)
          return
        }
        await writeWhole(resolve(terminal.folder, out), lines)
        print(context, [
          [good('✓'), ` Run ${shortId(runId)} is in `, name(out)],
          [`  Check it anywhere: ${commandName} verify --file ${out}`],
        ])
      })
    })
}

/** The file is there once it is whole, and for its owner alone: it holds what the run worked with. */
async function writeWhole(path: string, lines: AsyncIterable<string>): Promise<void> {
  const draft = `${path}.draft`
  const file = await open(draft, 'w', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${path} cannot be written: ${error.message}`)
  })
  try {
    for await (const line of lines) await file.write(line)
    await file.sync()
    await file.close()
    await rename(draft, path)
  } catch (error) {
    await file.close()
    await rm(draft, { force: true })
    throw error
  }
}
