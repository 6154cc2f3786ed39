import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import { getAt } from '../../../shared/json-pointer.ts'
import type { Goal } from '../../model/goal.ts'
import { type InputProperty, inputProperties } from '../../model/input-facts.ts'
import { parseTextTemplate } from '../../model/text-template.ts'
import { isSealed, type Reference, type Value } from '../../model/value.ts'
import { fitsSchema, fitsValue } from './compatible.ts'

/** What a value is for: a field of some schema, or a part of a text, which takes everything that is not sensitive. */
export interface Target {
  schema: Json | undefined
  text: boolean
  sensitive: boolean
}

/** A fact that neither the input nor the goal's arguments give: some task has to. */
export interface Need {
  fact: string
  target: Target
  /** The tool that has to give it, where the goal says so. */
  bound?: string
  /** What stands in a text when nothing gives the fact. */
  fallback?: string
}

/** An argument in the making: the facts that it needs, and the value once it is known where each comes from. */
export interface Template {
  needs: readonly Need[]
  /** Undefined where a need without a fallback has no source. */
  fill(sourceOf: (need: Need) => Reference | undefined): Value | undefined
}

/** What a plan starts from: the goal's arguments and bindings, and what of the input is there. */
export interface Givens {
  arguments: Goal['arguments']
  bind: Goal['bind']
  input: ReadonlyMap<string, { property: InputProperty; value: Json }>
  /** Of a tool that is called for each item of a list: what the item is called. */
  item?: string
}

export function givensOf(goal: Pick<Goal, 'input' | 'arguments' | 'bind'>, input: JsonObject): Givens {
  const found = new Map<string, { property: InputProperty; value: Json }>()
  for (const property of inputProperties(goal.input)) {
    const value = getAt(input, property.pointer)
    if (property.fact !== undefined && value !== undefined) found.set(property.fact, { property, value })
  }
  return { arguments: goal.arguments, bind: goal.bind, input: found }
}

/**
 * How a fact gets to a target, the first that fits: the goal's argument for it, the tool that the goal binds it to, the
 * input, any task. `within` are the facts whose arguments are being put together, so that an argument may build on the
 * input's value of its own fact and circles end.
 */
export function supply(
  fact: string,
  target: Target,
  consumer: string,
  givens: Givens,
  within: string[] = [],
): Template {
  const argument = within.includes(fact) ? undefined : givens.arguments[fact]
  const composed =
    argument === undefined
      ? undefined
      : compose(argument, target, givens.item, (inner, to) => supply(inner, to, consumer, givens, [...within, fact]))
  if (composed) return composed
  const bound = givens.bind[fact]
  if (bound !== undefined && bound !== consumer) return open({ fact, target, bound })
  const given = givens.input.get(fact)
  if (given && inputFits(given, target)) return constant({ $ref: `/input${given.property.pointer}` })
  return open({ fact, target })
}

type Supply = (fact: string, target: Target) => Template

/** The template of a goal's literal, or undefined where it is of another type than the target. */
function compose(literal: Json, target: Target, as: string | undefined, give: Supply): Template | undefined {
  if (isJsonObject(literal) && typeof literal.$item === 'string')
    return as === undefined ? undefined : constant({ $ref: `/${as}${literal.$item}` })
  if (isJsonObject(literal) && typeof literal.$fact === 'string') return give(literal.$fact, target)
  if (isJsonObject(literal) && typeof literal.$text === 'string') {
    return fitsSchema({ type: 'string' }, target.schema) ? composeText(literal.$text, give) : undefined
  }
  if (!fitsValue(literal, target.schema)) return undefined
  if (!Array.isArray(literal) && !isJsonObject(literal)) return constant(literal)
  const parts: [string, Template][] = []
  for (const [key, item] of Object.entries(literal)) {
    const part = compose(item, { ...target, schema: partOf(target.schema, key) }, as, give)
    if (!part) return undefined
    parts.push([key, part])
  }
  return {
    needs: parts.flatMap(([, part]) => part.needs),
    fill(sourceOf) {
      const filled: [string, Value][] = []
      for (const [key, part] of parts) {
        const value = part.fill(sourceOf)
        if (value === undefined) return undefined
        filled.push([key, value])
      }
      return Array.isArray(literal) ? filled.map(([, value]) => value) : Object.fromEntries(filled)
    },
  }
}

function composeText(text: string, give: Supply): Template {
  const target: Target = { schema: undefined, text: true, sensitive: false }
  const parts = parseTextTemplate(text).map((part): Template => {
    if (typeof part === 'string') return constant(part)
    const { fallback } = part
    const template = give(part.fact, target)
    if (fallback === undefined) return template
    const needs = template.needs.map((need) => ({ ...need, fallback: need.fallback ?? fallback }))
    const original = new Map(needs.map((need, index) => [template.needs[index], need]))
    return {
      needs,
      fill: (sourceOf) => template.fill((need) => sourceOf(original.get(need) ?? need)) ?? fallback,
    }
  })
  return {
    needs: parts.flatMap((part) => part.needs),
    fill(sourceOf) {
      const joined: (string | Reference)[] = []
      for (const part of parts) {
        const value = part.fill(sourceOf)
        if (value === undefined) return undefined
        // Pieces stay as the goal wrote them: that is how provenance knows whose words they are.
        joined.push(...piecesOf(value))
      }
      const [only] = joined
      return joined.length <= 1 && typeof only !== 'object' ? (only ?? '') : { $text: joined }
    },
  }
}

/** What a filled part adds to a text: a text within a text is opened up, a literal is shown as JSON. */
function piecesOf(value: Value): (string | Reference)[] {
  if (typeof value === 'string') return [value]
  if (isJsonObject(value) && typeof value.$ref === 'string') return [{ $ref: value.$ref }]
  if (isJsonObject(value) && Array.isArray(value.$text)) return value.$text.flatMap(piecesOf)
  return [JSON.stringify(value)]
}

function constant(value: Value): Template {
  return { needs: [], fill: () => value }
}

function open(need: Need): Template {
  return { needs: [need], fill: (sourceOf) => sourceOf(need) }
}

function inputFits({ property, value }: { property: InputProperty; value: Json }, target: Target): boolean {
  const sensitive = property.sensitive || isSealed(value)
  if (sensitive) return target.sensitive && !target.text && fitsSchema(property.schema, target.schema)
  return target.text || fitsValue(value, target.schema)
}

function partOf(schema: Json | undefined, key: string): Json | undefined {
  if (!isJsonObject(schema)) return undefined
  if (isJsonObject(schema.properties)) return schema.properties[key]
  return schema.items
}
