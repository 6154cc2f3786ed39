import { Option } from 'commander'
import type { JsonObject } from '../../../shared/json.ts'
import { redactSealed } from '../../model/seal.ts'
import { type AddCommand, columnsOf, jsonOption, note, print, printJson, withRemit } from '../context.ts'
import { followRun, recordedBy } from '../follow-run.ts'
import type { Remit } from '../remit.ts'
import { placeOf } from '../run-address.ts'
import { startUp } from '../start-up.ts'
import { argumentLines } from '../story/wait-lines.ts'
import { instantText } from '../text/instant.ts'
import { faint, type Line, name, paragraph } from '../text/line.ts'

const approvalArgument = ['<approval>', 'the start of an approval id'] as const
const reasonOption = ['--reason <text>', 'why, for the record'] as const

/** `remit approvals`: what waits for a person's yes or no, with exactly what would be called. */
export const addApprovals: AddCommand = (program, context) => {
  program
    .command('approvals')
    .summary('list the calls that wait for an approval')
    .option(...jsonOption)
    .action(async ({ json }: { json?: boolean }) => {
      await withRemit(context, { servers: false }, async (remit) => {
        const open = await exactly(remit)
        if (json) printJson(context, open)
        else if (open.length === 0) note(context, [['Nothing waits for an approval.']])
        else print(context, approvalLines(open, columnsOf(context)))
      })
    })
}

/** `remit approve`: lets one call happen, once, and goes on with its run. */
export const addApprove = decide('approve', 'let a held call happen once, and go on with its run')

/** `remit deny`: refuses one call, and goes on with its run. */
export const addDeny = decide('deny', 'refuse a held call, and go on with its run')

function decide(choice: 'approve' | 'deny', summary: string): AddCommand {
  return (program, context) => {
    program
      .command(choice)
      .summary(summary)
      .argument(...approvalArgument)
      .option(...reasonOption)
      .addOption(new Option('--why <text>', 'as --reason').hideHelp())
      .option(...jsonOption)
      .action(async (approval: string, options: { reason?: string; why?: string; json?: boolean }) => {
        const json = options.json === true
        const remit = await startUp(context, { servers: true }, { json })
        try {
          const runId = await remit.decideApproval(approval, choice, options.reason ?? options.why)
          const { seq } = await remit.situation(runId)
          const told = new Map(await recordedBy(remit, runId)).set(runId, seq - 1)
          context.exitCode = await followRun(context, remit, runId, { json, told })
        } finally {
          await remit.close()
        }
      })
  }
}

/** The open approvals with the tool and the arguments that each is for. */
async function exactly(remit: Remit) {
  const open = await remit.approvals()
  return Promise.all(
    open.map(async ({ approval_id, run_id, question, until }) => {
      const situation = await remit.situation(run_id)
      const { approval } = situation.waits.get(approval_id) ?? {}
      const { tag } = await placeOf(remit, situation)
      return {
        approval_id,
        run_id,
        ...(tag === '' ? {} : { part: tag }),
        tool: approval?.tool ?? '',
        arguments: redactArguments(approval?.arguments),
        rule: approval?.verdict.rule ?? '',
        four_eyes: approval?.verdict.four_eyes ?? false,
        asked_by: situation.created.principal ?? null,
        digest: approval?.digest ?? null,
        question,
        until,
      }
    }),
  )
}

function redactArguments(args: JsonObject | undefined): JsonObject {
  return redactSealed(args ?? {}) as JsonObject
}

/** Nothing is cut here: a person approves exactly what they read. */
function approvalLines(open: Awaited<ReturnType<typeof exactly>>, columns: number): Line[] {
  return open.flatMap(({ approval_id, run_id, part, tool, arguments: args, four_eyes, asked_by, question, until }) => [
    [name(approval_id), '  ', tool],
    ...paragraph(['  '], question, columns),
    ...argumentLines(args, columns),
    ...paragraph(['  '], `Of run ${run_id}${part === undefined ? '' : `, ${part}`}.`, columns, 'faint'),
    ...(four_eyes ? paragraph(['  '], `It takes somebody else than ${asked_by ?? 'who asked'}.`, columns) : []),
    [faint(`  Without a decision by ${instantText(until)} it counts as denied.`)],
    [],
  ])
}
