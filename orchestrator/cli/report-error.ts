import { exitCodes } from './follow-run.ts'
import { InputError, InterruptedError } from './remit.ts'
import type { Terminal } from './terminal.ts'
import { issueLines } from './text/issue-lines.ts'
import { type Line, paint } from './text/line.ts'

/**
 * Tells a person what went wrong, in words and without a stack unless asked, and returns the exit code: 2 where they can
 * put it right by asking differently, 4 where they interrupted, else 1.
 */
export function reportError(
  thrown: unknown,
  terminal: Terminal,
  { json, debug }: { json: boolean; debug: boolean },
): number {
  const error = firstOf(thrown)
  const { code, exitCode } = kindOf(error)
  const issues = error instanceof InputError ? error.issues : []
  const message = messageOf(error)
  const lines: Line[] = [
    ...message.split('\n').map((line, index): Line => [index === 0 ? `remit: ${line}` : line]),
    ...issueLines(issues, terminal.columns),
    ...(debug && error instanceof Error ? (error.stack ?? '').split('\n').map((line): Line => [line]) : []),
  ]
  terminal.stderr(lines.map((line) => `${paint(line, false)}\n`).join(''))
  if (json) {
    const document = { error: { code, message, issues } }
    terminal.stdout(`${JSON.stringify(document, null, 2)}\n`)
  }
  return exitCode
}

/** What went wrong first, where closing what was open has failed as well. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error
}

function kindOf(error: unknown): { code: string; exitCode: number } {
  if (error instanceof InputError) return { code: 'invalid_input', exitCode: exitCodes.badUsage }
  if (error instanceof InterruptedError) return { code: 'interrupted', exitCode: exitCodes.cancelled }
  return { code: 'internal', exitCode: exitCodes.failed }
}

/** Errors of several attempts at once (`AggregateError`) often have no message of their own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  if (error instanceof Error) return error.message || error.name
  return String(error)
}
