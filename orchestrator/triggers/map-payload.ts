import { Environment, Optional, type ParseResult } from '@marcbachmann/cel-js'
import type { Issue } from '../../shared/failure.ts'
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer, getAt, parsePointer } from '../../shared/json-pointer.ts'
import type { Trigger } from './trigger.ts'

/** What a mapping may ask for beside the payload. */
interface Delivered {
  payload: Json
  delivery_id: string
}

export type Mapped = { ok: true; input: JsonObject } | { ok: false; issues: Issue[] }

const cel = new Environment({
  unlistedVariablesAreDyn: false,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
})
  .registerVariable('payload', 'dyn')
  .registerVariable('delivery_id', 'string')

const compiled = new Map<string, ParseResult>()

/** The input that a payload maps to. A pointer that finds nothing leaves its place out; CEL that cannot be evaluated is a fault. */
export function mapPayload({ input }: Pick<Trigger, 'input'>, delivered: Delivered): Mapped {
  const issues: Issue[] = []
  const visit = (node: Json, tokens: (string | number)[]): Json | undefined => {
    if (Array.isArray(node))
      return node.map((item, index) => visit(item, [...tokens, index])).filter((item) => item !== undefined)
    if (!isJsonObject(node)) return node
    if (typeof node.$pointer === 'string') return getAt(delivered.payload, node.$pointer)
    if (typeof node.$cel === 'string') {
      try {
        return asJson(compile(node.$cel)(delivered))
      } catch (error) {
        issues.push({ path: formatPointer(tokens), message: `"${node.$cel}" has no value: ${firstLine(error)}` })
        return undefined
      }
    }
    const entries = Object.entries(node).map(([key, item]) => [key, visit(item, [...tokens, key])] as const)
    return Object.fromEntries(entries.flatMap(([key, item]) => (item === undefined ? [] : [[key, item]])))
  }
  const mapped = visit(input, []) as JsonObject
  return issues.length === 0 ? { ok: true, input: mapped } : { ok: false, issues }
}

/** Whether a delivery is one that the trigger is for. Throws what CEL throws, and a TypeError for an answer that is none. */
export function isMeant({ when }: Pick<Trigger, 'when'>, delivered: Delivered): boolean {
  if (when === undefined) return true
  const answer: unknown = compile(when)(delivered)
  if (typeof answer !== 'boolean') throw new TypeError(`"${when}" is neither a yes nor a no`)
  return answer
}

/** What is wrong with an expression, or nothing. */
export function faultOfExpression(expression: string, wanted: 'bool' | 'any'): string | undefined {
  try {
    const { valid, type, error } = compile(expression).check()
    if (!valid) return `is refused: ${firstLine(error)}`
    return wanted === 'bool' && type !== 'bool' && type !== 'dyn' ? `is a ${type}; it must be a yes or a no` : undefined
  } catch (error) {
    return `is not CEL: ${firstLine(error)}`
  }
}

/** What is wrong with a mapping, by its place in it. */
export function faultsOfMapping(input: Json): { at: (string | number)[]; message: string }[] {
  const visit = (node: Json, at: (string | number)[]): { at: (string | number)[]; message: string }[] => {
    if (Array.isArray(node)) return node.flatMap((item, index) => visit(item, [...at, index]))
    if (!isJsonObject(node)) return []
    const special = Object.keys(node).find((key) => key.startsWith('$'))
    if (special === undefined) return Object.entries(node).flatMap(([key, item]) => visit(item, [...at, key]))
    const content = node[special]
    if (Object.keys(node).length > 1 || typeof content !== 'string' || (special !== '$pointer' && special !== '$cel'))
      return [{ at, message: 'must be {$pointer: /a/b} or {$cel: "…"}, and nothing beside it' }]
    const fault = special === '$cel' ? faultOfExpression(content, 'any') : faultOfPointer(content)
    return fault === undefined ? [] : [{ at: [...at, special], message: fault }]
  }
  return visit(input, [])
}

function faultOfPointer(pointer: string): string | undefined {
  try {
    parsePointer(pointer)
    return undefined
  } catch (error) {
    return firstLine(error)
  }
}

/** CEL's integers are bigints, its instants dates; an optional that is empty is nothing. */
function asJson(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Optional) return value.hasValue() ? asJson(value.value()) : undefined
  if (Array.isArray(value)) return value.map(asJson).filter((item) => item !== undefined)
  const entries = value instanceof Map ? [...value] : Object.entries(Object(value))
  return Object.fromEntries(
    entries.flatMap(([key, item]) => {
      const json = asJson(item)
      return json === undefined ? [] : [[String(key), json]]
    }),
  )
}

function compile(expression: string): ParseResult {
  const known = compiled.get(expression)
  if (known) return known
  const parsed = cel.parse(expression)
  compiled.set(expression, parsed)
  return parsed
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
