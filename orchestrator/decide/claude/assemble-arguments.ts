import type { Issue } from '../../../shared/failure.ts'
import type { Json, JsonObject } from '../../../shared/json.ts'
import { parsePointer } from '../../../shared/json-pointer.ts'
import type { AnsweredArgument } from './answer.ts'
import { deepestNesting, unsoundIn } from './unsound-json.ts'

/** A place in arguments that are being put together: a value, or what stands below it. */
type Place = { value: Json } | { below: Map<string, Place> }

/** The arguments that a flat list of pointers and values describes, or what is wrong with the list, by its index. */
export function assembleArguments(
  list: readonly AnsweredArgument[],
): { ok: true; value: JsonObject } | { ok: false; issues: Issue[] } {
  const root = new Map<string, Place>()
  const issues: Issue[] = []
  for (const [index, argument] of list.entries()) {
    const fault = put(root, argument)
    if (fault !== undefined) issues.push({ path: `/${index}`, message: fault })
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value: objectOf(root) }
}

function put(root: Map<string, Place>, argument: AnsweredArgument): string | undefined {
  const { at } = argument
  if (!at.startsWith('/') || at === '/') return `"${at}" names no argument: write a JSON pointer such as /customer_id`
  const value = valueFrom(argument)
  if (value === undefined) return `the text at ${at} is not JSON`
  const tokens = parsePointer(at)
  if (tokens.length > deepestNesting) return `${at.slice(0, 60)}… nests deeper than ${deepestNesting}`
  if (tokens.includes('__proto__')) return `${at} names __proto__, which no tool takes`
  const unsound = unsoundIn(value)
  if (unsound) return `what is given at ${at}${unsound.path} ${unsound.message}`
  const last = tokens.pop() ?? ''
  let here = root
  for (const token of tokens) {
    const place = here.get(token) ?? { below: new Map<string, Place>() }
    if ('value' in place) return `${at} lies within a value that is given whole`
    here.set(token, place)
    here = place.below
  }
  if (here.has(last)) return `${at} is given twice`
  here.set(last, { value })
  return undefined
}

function valueFrom(argument: AnsweredArgument): Json | undefined {
  if ('ref' in argument) return { $ref: argument.ref }
  if ('text' in argument)
    return { $text: argument.text.map((part) => (typeof part === 'string' ? part : { $ref: part.ref })) }
  if ('value' in argument) return argument.value
  try {
    return JSON.parse(argument.json) as Json
  } catch {
    return undefined
  }
}

function objectOf(places: ReadonlyMap<string, Place>): JsonObject {
  return Object.fromEntries([...places].map(([key, place]) => [key, jsonOf(place)]))
}

/** What is numbered from 0 without a gap is a list. */
function jsonOf(place: Place): Json {
  if ('value' in place) return place.value
  const { below } = place
  const isList = [...below.keys()].every((_, index) => below.has(String(index)))
  if (!isList) return objectOf(below)
  return Array.from({ length: below.size }, (_, index) => jsonOf(below.get(String(index)) ?? { value: null }))
}
