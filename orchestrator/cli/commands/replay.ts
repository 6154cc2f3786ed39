import type { Json } from '../../../shared/json.ts'
import { type Replay, replayDocument } from '../../run/replay.ts'
import { type AddCommand, columnsOf, jsonOption, print, printJson, runArgument, withRemit } from '../context.ts'
import { exitCodes } from '../follow-run.ts'
import { runIdOf } from '../run-address.ts'
import { shortId } from '../story/short-id.ts'
import { count } from '../text/count.ts'
import { bad, good, type Line, paragraph } from '../text/line.ts'

/** `remit replay`: derives a run again from its record, and says what would be otherwise today. */
export const addReplay: AddCommand = (program, context) => {
  program
    .command('replay')
    .summary('derive a run again from its record; calls nothing')
    .argument(...runArgument)
    .option(...jsonOption)
    .action(async (named: string, { json }: { json?: boolean }) => {
      const { runId, replayed } = await withRemit(context, { servers: false }, async (remit) => {
        const id = await runIdOf(remit, named)
        return { runId: id, replayed: await remit.replay(id) }
      })
      if (json) printJson(context, replayDocument(replayed))
      else print(context, replayLines(runId, replayed, columnsOf(context)))
      context.exitCode = replayed.differences.length === 0 ? exitCodes.succeeded : exitCodes.failed
    })
}

function replayLines(
  runId: string,
  { events, derived, decided, differences, situation }: Replay,
  columns: number,
): Line[] {
  const outside = `${events - derived} came from outside (the goal, replies, answers)`
  const figures = `Of ${count(events, 'event')}, ${derived} were derived again, ${count(decided, 'decision')} among them; ${outside}.`
  const same = [good('✓'), ` Run ${shortId(runId)} leads to the same decisions and state: ${situation.status}`]
  const other = [bad('✗'), ` Run ${shortId(runId)} would be otherwise today in ${count(differences.length, 'event')}`]
  return [
    differences.length === 0 ? same : other,
    ...paragraph(['  '], figures, columns),
    ...differences.flatMap(({ seq, type, fields }) => [
      [`  ${seq} ${type}`],
      ...Object.entries(fields).flatMap(([name, { recorded, now }]) => [
        [`    ${name}`],
        ...paragraph(['      was '], short(recorded), columns),
        ...paragraph(['      now '], short(now), columns),
      ]),
    ]),
  ]
}

/** Enough of a value to know it by. */
function short(value: Json): string {
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}
