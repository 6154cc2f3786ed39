import { type AddCommand, type Context, columnsOf, jsonOption, print, printJson, withRemit } from '../context.ts'
import { InputError, type Verification } from '../remit.ts'
import { runIdOf } from '../run-address.ts'
import { count } from '../text/count.ts'
import { bad, good, heading, type Line, name, paragraph } from '../text/line.ts'
import { checkExportFile, exportLines } from './verify-file.ts'

interface VerifyOptions {
  json?: boolean
  file?: string
  key?: string
}

/** `remit verify`: whether the record, or an export of it, is as it was written. Exit code 1 when it is not. */
export const addVerify: AddCommand = (program, context) => {
  program
    .command('verify')
    .summary('check that the record was not altered')
    .argument('[run]', 'the start of a run id, or "last"; all runs without it')
    .option('--file <export>', 'check a file that "export" wrote; needs no record')
    .option('--key <file>', 'with --file: the public key that must have signed it (keys/heads.pub of its REMIT_HOME)')
    .option(...jsonOption)
    .action(async (named: string | undefined, options: VerifyOptions) => {
      if (options.file === undefined && options.key !== undefined) throw new InputError('--key goes with --file')
      if (options.file === undefined) return verifyRecord(context, named, options)
      if (named !== undefined) throw new InputError('Give a run of the record, or --file, not both')
      const verification = await checkExportFile(options.file, options.key, context.terminal.folder)
      const ok = verification.problems.length === 0
      context.exitCode = ok ? 0 : 1
      if (options.json) printJson(context, { ok, ...verification })
      else print(context, exportLines(verification, options.key, columnsOf(context)))
    })
}

async function verifyRecord(context: Context, named: string | undefined, { json }: VerifyOptions): Promise<void> {
  const verification = await withRemit(context, { servers: false }, async (remit) =>
    remit.verify(named === undefined ? undefined : await runIdOf(remit, named)),
  )
  const ok = verification.problems.length === 0
  context.exitCode = ok ? 0 : 1
  if (json) printJson(context, { ok, ...verification })
  else print(context, recordLines(verification, columnsOf(context)))
}

function recordLines({ runs, events, signed_heads, problems }: Verification, columns: number): Line[] {
  const checked = `${count(runs, 'run')}, ${count(events, 'event')}`
  if (problems.length === 0) {
    return [
      [good('✓'), ` ${checked}: every hash is right and every chain is whole.`],
      [`  ${count(signed_heads, 'head')} checked against a signature.`],
    ]
  }
  return [
    [bad('✗'), ' ', heading('The record was altered'), ` (${checked} checked)`],
    ...problems.flatMap(({ run_id, seq, what }) =>
      paragraph(['  ', name(seq === null ? run_id : `${run_id} #${seq}`), '  '], what, columns),
    ),
  ]
}
