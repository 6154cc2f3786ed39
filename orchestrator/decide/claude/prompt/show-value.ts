import { isJsonObject, type Json } from '../../../../shared/json.ts'
import { getAt } from '../../../../shared/json-pointer.ts'
import { redactSealed } from '../../../model/seal.ts'

/** A longer text is shown by its beginning, and can be referred to whole. */
const longestText = 160
const beginning = 60

/** Of a longer list the first items are shown. */
const mostItems = 5
const firstItems = 2

/** A value of which more than this would be shown is shown by its marked fields alone. */
const mostLetters = 900

export interface Shown {
  value: Json
  /** Whether something is left out that can be referred to. */
  isPartial: boolean
}

/**
 * A value as a model sees it: secrets as `[sealed]`, long texts and lists by their size and beginning. What is left out can
 * be used all the same, for a reference leads to the value itself. `marked` are the pointers of the fields that matter.
 */
export function showValue(given: Json, marked: readonly string[]): Shown {
  const shown = shorten(redactSealed(given))
  if (JSON.stringify(shown.value).length <= mostLetters) return shown
  const fields = marked.flatMap((pointer): [string, Json][] => {
    const value = getAt(given, pointer)
    return value === undefined ? [] : [[pointer, shorten(redactSealed(value)).value]]
  })
  const known = Object.fromEntries(fields)
  const deep = shapeOf(given, 0)
  const shape = JSON.stringify(deep).length <= mostLetters * 2 ? deep : shapeOf(given, 1)
  return {
    value: { $fields: JSON.stringify(known).length <= mostLetters ? known : {}, $shape: shape },
    isPartial: true,
  }
}

function shorten(node: Json): Shown {
  if (typeof node === 'string') {
    if (node.length <= longestText) return { value: node, isPartial: false }
    return { value: { $text_of: node.length, $begins: wellFormed(node.slice(0, beginning)) }, isPartial: true }
  }
  if (Array.isArray(node)) {
    const isLong = node.length > mostItems
    const items = (isLong ? node.slice(0, firstItems) : node).map(shorten)
    const values = items.map(({ value }) => value)
    return isLong
      ? { value: { $list_of: node.length, $begins: values }, isPartial: true }
      : { value: values, isPartial: items.some(({ isPartial }) => isPartial) }
  }
  if (!isJsonObject(node)) return { value: node, isPartial: false }
  const parts = Object.entries(node).map(([key, part]) => [key, shorten(part)] as const)
  return {
    value: Object.fromEntries(parts.map(([key, { value }]) => [key, value])),
    isPartial: parts.some(([, { isPartial }]) => isPartial),
  }
}

/** How many fields of an object its shape names. */
const mostFields = 30

/** What a value is made of, without its content. */
function shapeOf(node: Json, depth: number): Json {
  if (Array.isArray(node)) return `list of ${node.length}`
  if (!isJsonObject(node)) return typeof node === 'string' ? `text of ${node.length}` : typeof node
  const keys = Object.keys(node)
  if (depth > 1) return `object of ${keys.length} fields`
  const shown = keys.slice(0, mostFields).map((key) => [key.slice(0, 60), shapeOf(node[key] ?? null, depth + 1)])
  const more = keys.length - mostFields
  return Object.fromEntries(more > 0 ? [...shown, ['…', `${more} more fields`]] : shown)
}

/** A cut may fall between the halves of a letter. */
function wellFormed(text: string): string {
  return text.toWellFormed()
}
