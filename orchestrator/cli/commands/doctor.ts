import { type AddCommand, columnsOf, jsonOption, print, printJson } from '../context.ts'
import type { Finding } from '../remit.ts'
import { bad, good, type Line, name, paragraph } from '../text/line.ts'
import { table } from '../text/table.ts'

/** `remit doctor`: whether this machine has what Remit needs. Exit code 1 when something is amiss. */
export const addDoctor: AddCommand = (program, context) => {
  program
    .command('doctor')
    .summary('check this machine and this home')
    .option(...jsonOption)
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await context.workplace.diagnose()
      context.exitCode = findings.every(({ ok }) => ok) ? 0 : 1
      if (json) printJson(context, findings)
      else print(context, findingLines(findings, columnsOf(context)))
    })
}

function findingLines(findings: readonly Finding[], columns: number): Line[] {
  const width = Math.max(0, ...findings.map(({ what }) => what.length))
  const findingOf = ({ what, ok, found, advice }: Finding): Line[] => [
    ...paragraph([ok ? good('✓') : bad('✗'), ' ', name(what.padEnd(width)), '  '], found, columns),
    ...(advice === undefined ? [] : paragraph([' '.repeat(width + 4), '→ '], advice, columns)),
  ]
  return [
    ...findings.flatMap(findingOf),
    ...findings.flatMap(({ matrix }) => (matrix ? [[], ...matrixLines(matrix)] : [])),
  ]
}

function matrixLines({ columns, rows }: NonNullable<Finding['matrix']>): Line[] {
  return table(
    ['a server tries to', ...columns].map((title) => ({ title })),
    rows.map(({ what, cells }) => [what, ...cells]),
  )
}
