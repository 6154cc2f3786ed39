import { isJsonObject, type Json } from '../../shared/json.ts'
import { formatPointer } from '../../shared/json-pointer.ts'

/** `{"$ref": "/input/…"}` or `{"$ref": "/tasks/<id>/output/…"}`: resolved by the runtime, never by a model. */
export type Reference = { $ref: string }

/** `{"$text": ["Welcome ", {"$ref": "/input/name"}]}`: the parts joined; a part that is not a string is shown as JSON. */
export type Text = { $text: (string | Reference)[] }

/** A sensitive leaf as it lies in the record; only `execute` opens it. */
export type Sealed = { $sealed: string }

/** An argument of a task: JSON in which references and texts may stand anywhere. */
export type Value = Json

export function isReference(value: unknown): value is Reference {
  return isJsonObject(value) && typeof value.$ref === 'string' && Object.keys(value).length === 1
}

export function isText(value: unknown): value is Text {
  return isJsonObject(value) && Array.isArray(value.$text) && Object.keys(value).length === 1
}

/** True where a sealed leaf stands anywhere in a value. */
export function holdsSealed(value: Json): boolean {
  if (isSealed(value)) return true
  if (Array.isArray(value)) return value.some(holdsSealed)
  return isJsonObject(value) && Object.values(value).some(holdsSealed)
}

export function isSealed(value: unknown): value is Sealed {
  return isJsonObject(value) && typeof value.$sealed === 'string' && Object.keys(value).length === 1
}

/** JSON pointers of the leaves of a value, a sealed one being one leaf; `''` where the value is a leaf itself. */
export function leavesOf(value: Json): string[] {
  const leaves: string[] = []
  const visit = (node: Json, tokens: (string | number)[]): void => {
    if (Array.isArray(node)) for (const [index, item] of node.entries()) visit(item, [...tokens, index])
    else if (isJsonObject(node) && !isSealed(node))
      for (const [key, item] of Object.entries(node)) visit(item, [...tokens, key])
    else leaves.push(formatPointer(tokens))
  }
  visit(value, [])
  return leaves
}
