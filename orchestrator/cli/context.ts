import { type Command, InvalidArgumentError } from 'commander'
import type { Json } from '../../shared/json.ts'
import { openInterruptibly, untilInterrupted } from './open-interruptibly.ts'
import type { OpenOptions, Remit, Workplace } from './remit.ts'
import type { Terminal } from './terminal.ts'
import { type Line, paint } from './text/line.ts'

export { commandName } from '../../shared/own-package.ts'

/** Wider screens do not make the output wider: lines get hard to follow. */
const mostColumns = 100

/** What each command works with. */
export interface Context extends Screen {
  workplace: Workplace
}

/** What works without a project that is in order. */
export interface Groundwork extends Screen {
  /** The root of the project, where there is one. */
  project: string | undefined
}

interface Screen {
  terminal: Terminal
  /** False with `--no-color`, `NO_COLOR`, or where nobody would see it. */
  colors: boolean
  exitCode: number
}

/** Prints lines for people on stdout. */
export function print({ terminal, colors }: Screen, lines: readonly Line[]): void {
  terminal.stdout(lines.map((line) => `${paint(line, colors)}\n`).join(''))
}

/** Says something on stderr that is not the answer. */
export function note({ terminal }: Pick<Screen, 'terminal'>, lines: readonly Line[]): void {
  terminal.stderr(lines.map((line) => `${paint(line, false)}\n`).join(''))
}

/** The one JSON document of a command. */
export function printJson({ terminal }: Context, document: unknown): void {
  terminal.stdout(`${JSON.stringify(document, null, 2)}\n`)
}

/** The columns that text for people may take. */
export function columnsOf({ terminal }: Context): number {
  return Math.min(terminal.columns, mostColumns)
}

/** The columns that a table has to fit, or undefined where nothing may be cut: in files and pipes. */
export function tableFit({ terminal }: Context): number | undefined {
  return terminal.isTTY ? terminal.columns : undefined
}

/** Opens Remit for some work, and closes it whatever happens, Ctrl-C included. */
export async function withRemit<Result>(
  context: Context,
  options: OpenOptions,
  work: (remit: Remit) => Promise<Result>,
): Promise<Result> {
  const remit = await openInterruptibly(context, options, () => undefined)
  try {
    return await untilInterrupted(context.terminal, () => work(remit))
  } finally {
    await remit.close()
  }
}

/** Adds a command to the program. */
export type AddCommand = (program: Command, context: Context) => void
export type AddGroundwork = (program: Command, context: Groundwork) => void

/** A whole number above zero, for an option. */
export function positiveInteger(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number above 0.')
  return number
}

export const jsonOption = ['--json', 'print one JSON document on stdout, and nothing else there'] as const
export const runArgument = ['<run>', 'the start of a run id, or "last"; with /TASK the run of a sub-goal'] as const

/** A row of a table as an object. */
export function asObject(columns: readonly string[], row: readonly Json[]): Record<string, Json> {
  return Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null]))
}
