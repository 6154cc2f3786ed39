import type { Json, JsonObject } from '../../../shared/json.ts'
import { getAt, mapAt, matchPointers } from '../../../shared/json-pointer.ts'
import type { Goal } from '../../model/goal.ts'
import { inputProperties } from '../../model/input-facts.ts'
import { itemName, itemSchema } from '../../model/item-name.ts'
import { redactSealed, sealedText } from '../../model/seal.ts'
import { cell } from '../text/cell.ts'
import { cut } from '../text/width.ts'

/** More items of a list than this are counted only. */
const mostNames = 5
/** What no schema describes is shown so far. */
const widestValue = 120

/** The input in one line: every value by its path, lists by what their items are called. What is sensitive is never shown. */
export function inputText(goal: Pick<Goal, 'input'>, input: JsonObject): string {
  const properties = inputProperties(goal.input)
  const secret = properties.flatMap(({ pointer, sensitive }) => (sensitive ? [pointer] : []))
  const shown = redactSealed(mapAt(input, secret, () => sealedText))
  return properties
    .flatMap(({ pointer, schema }) => {
      const path = pointer.slice(1).replaceAll('/', '.')
      // A pointer into the items of a list is there for what is sensitive in them.
      if (pointer.includes('/*')) return matchPointers(shown, pointer).length > 0 ? [`${path} ${sealedText}`] : []
      const value = getAt(shown, pointer)
      if (value === undefined || schema.properties !== undefined) return []
      if (Array.isArray(value)) return [`${path} ${listText(value, itemSchema(goal.input, `/input${pointer}`))}`]
      return [`${path} ${cut(cell(value), widestValue)}`]
    })
    .join(' · ')
}

/** How many items there are, and what the first are called: `3: Acme GmbH, Beta Ltd, Gamma SAS`. */
function listText(list: readonly Json[], schema: JsonObject | undefined): string {
  const names = list.slice(0, mostNames).flatMap((item) => itemName(item, schema) ?? [])
  const more = list.length - names.length
  if (names.length === 0) return String(list.length)
  return `${list.length}: ${names.join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}
