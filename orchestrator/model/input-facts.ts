import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer } from '../../shared/json-pointer.ts'

/** A property of a goal's input: where it stands, the fact it gives, and whether it has to be sealed. */
export interface InputProperty {
  /** JSON pointer into the input, such as `/organization/name`; `*` stands for every item of an array. */
  pointer: string
  fact?: string
  sensitive: boolean
  schema: JsonObject
}

/**
 * Every property of an input schema, nested ones included, in the order of the schema. What stands within the items of an
 * array gives no fact, for a fact is one value; it is there where it has to be sealed.
 */
export function inputProperties(schema: JsonObject): InputProperty[] {
  const found: InputProperty[] = []
  const visit = (node: Json | undefined, tokens: string[]): void => {
    if (!isJsonObject(node)) return
    const inItems = tokens.includes('*')
    if (tokens.length > 0 && (!inItems || node.sensitive === true)) {
      found.push({
        pointer: formatPointer(tokens),
        ...(typeof node.fact === 'string' && !inItems ? { fact: node.fact } : {}),
        sensitive: node.sensitive === true,
        schema: node,
      })
    }
    visit(node.items, [...tokens, '*'])
    if (!isJsonObject(node.properties)) return
    for (const [name, property] of Object.entries(node.properties)) visit(property, [...tokens, name])
  }
  visit(schema, [])
  return found
}
