import type { Environment, ParseResult } from '@marcbachmann/cel-js'

/** Parses each expression of an environment once. What it returns throws where an expression does not parse. */
export function compileOnce(cel: Environment): (expression: string) => ParseResult {
  const compiled = new Map<string, ParseResult>()
  return (expression) => {
    const known = compiled.get(expression)
    if (known) return known
    const parsed = cel.parse(expression)
    compiled.set(expression, parsed)
    return parsed
  }
}
