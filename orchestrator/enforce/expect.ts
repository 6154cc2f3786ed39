import { Environment } from '@marcbachmann/cel-js'
import type { Failure } from '../../shared/failure.ts'
import type { Json, JsonObject } from '../../shared/json.ts'
import { compileOnce } from './compile-once.ts'

const cel = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: true })
  .registerVariable('arguments', 'map')
  .registerVariable('output', 'map')

const compile = compileOnce(cel)

/**
 * Whether a call that returned did what its tool promises: `true`, or the failure `unsatisfied`. An expression that cannot be
 * judged (it does not parse, a value is missing, the answer is not a yes or a no) promises nothing, so it is unsatisfied too.
 */
export function judgeExpect(expression: string, call: { arguments: JsonObject; output: Json }): true | Failure {
  try {
    const answer: unknown = compile(expression)(call)
    if (answer === true) return true
    return unsatisfied(
      answer === false ? `it does not hold that ${expression}` : `"${expression}" is not a yes or a no`,
    )
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    return unsatisfied(`"${expression}" cannot be judged: ${reason}`)
  }
}

/** Why an expression is none that could ever be judged; undefined where it parses. */
export function expectFault(expression: string): string | undefined {
  try {
    compile(expression)
    return undefined
  } catch (error) {
    return `is not CEL: ${(error instanceof Error ? error.message : String(error)).split('\n')[0]}`
  }
}

function unsatisfied(message: string): Failure {
  return { kind: 'unsatisfied', message: `the call returned, but ${message}` }
}
