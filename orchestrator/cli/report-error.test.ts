import { expect, test } from 'vitest'
import { exitCodes } from './follow-run.ts'
import { InputError, InterruptedError } from './remit.ts'
import { reportError } from './report-error.ts'
import type { Terminal } from './terminal.ts'

function report(error: unknown) {
  let [out, told] = ['', '']
  const terminal = {
    columns: 80,
    stdout: (text: string) => {
      out += text
    },
    stderr: (text: string) => {
      told += text
    },
  } as Terminal
  const exit = reportError(error, terminal, { json: true, debug: false })
  return { exit, told, code: JSON.parse(out).error.code }
}

/** What is thrown where both the work and the closing after it fail. */
async function thrownBy(work: unknown, ...closing: unknown[]): Promise<unknown> {
  try {
    await using open = new AsyncDisposableStack()
    for (const error of closing)
      open.defer(() => {
        throw error
      })
    throw work
  } catch (error) {
    return error
  }
}

const away = new RangeError('the record is away')

test.each<[string, Error, number, string]>([
  ['what was asked wrongly', new InputError('Port 80 is in use'), exitCodes.badUsage, 'invalid_input'],
  ['an interruption', new InterruptedError(), exitCodes.cancelled, 'interrupted'],
  ['anything else', new TypeError('broken'), exitCodes.failed, 'internal'],
])('%s is told, though closing failed as well, twice', async (_, error, exit, code) => {
  expect(report(await thrownBy(error, away, away))).toEqual({ exit, code, told: `remit: ${error.message}\n` })
})
