import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js'
import { compileOnce } from '../compile-once.ts'
import { type Facts, factTypes } from './facts.ts'

const cel = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: true })
for (const [name, [type, description]] of Object.entries(factTypes)) cel.registerVariable(name, type, { description })

const compile = compileOnce(cel)

/** What is wrong with a rule's expression, or nothing: it must parse, know its facts, and answer yes or no. */
export function faultOfCondition(when: string): string | undefined {
  let parsed: ParseResult
  try {
    parsed = compile(when)
  } catch (error) {
    return `is not CEL: ${firstLine(error)}`
  }
  const { valid, type, error } = parsed.check()
  if (!valid) return `is refused: ${error ? firstLine(error) : 'it has no type'}`
  if (type !== 'bool' && type !== 'dyn') return `is a ${type}; it must be a yes or a no`
  return undefined
}

/** Whether the condition holds, or why it cannot be judged. */
export function holds(when: string, facts: Facts): boolean | { cannotJudge: string } {
  try {
    const answer: unknown = compile(when)(facts)
    return typeof answer === 'boolean' ? answer : { cannotJudge: 'it is neither a yes nor a no' }
  } catch (error) {
    return { cannotJudge: firstLine(error) }
  }
}

/** The texts that a condition compares a fact with: `tool == "…"`, `tool in ["…"]`. */
export function comparedWith(when: string, fact: keyof typeof factTypes): string[] {
  const found: string[] = []
  const isFact = ({ op, args }: ASTNode) => op === 'id' && args === fact
  const collect = (node: ASTNode): void => {
    if (node.op === 'value' && typeof node.args === 'string') found.push(node.args)
    if (node.op === 'list') for (const item of node.args) collect(item)
  }
  const visit = (node: ASTNode): void => {
    if (node.op === '==' || node.op === '!=' || node.op === 'in') {
      const [left, right] = node.args
      if (isFact(left)) collect(right)
      if (isFact(right)) collect(left)
    }
    for (const child of childrenOf(node)) visit(child)
  }
  visit(compile(when).ast)
  return found
}

function childrenOf({ args }: ASTNode): ASTNode[] {
  const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value
  const parts: unknown[] = Array.isArray(args) ? args.flat(2) : [args]
  return parts.filter(isNode)
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
