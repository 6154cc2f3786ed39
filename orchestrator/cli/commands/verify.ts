import { type AddCommand, columnsOf, jsonOption, print, printJson, withRemit } from '../context.ts'
import type { Verification } from '../remit.ts'
import { runIdOf } from '../run-address.ts'
import { count } from '../text/count.ts'
import { bad, good, heading, type Line, name, paragraph } from '../text/line.ts'

/** `remit verify`: whether the record is as it was written. Exit code 1 when it is not. */
export const addVerify: AddCommand = (program, context) => {
  program
    .command('verify')
    .summary('check that the record was not altered')
    .argument('[run]', 'the start of a run id, or "last"; all runs without it')
    .option(...jsonOption)
    .action(async (named: string | undefined, { json }: { json?: boolean }) => {
      const verification = await withRemit(context, { servers: false }, async (remit) =>
        remit.verify(named === undefined ? undefined : await runIdOf(remit, named)),
      )
      const ok = verification.problems.length === 0
      context.exitCode = ok ? 0 : 1
      if (json) printJson(context, { ok, ...verification })
      else print(context, verificationLines(verification, columnsOf(context)))
    })
}

function verificationLines({ runs, events, signed_heads, problems }: Verification, columns: number): Line[] {
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
