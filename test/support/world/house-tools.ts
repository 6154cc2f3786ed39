import type { JsonObject } from '../../../shared/json.ts'
import type { ToolManifest } from '../../../shared/manifest.ts'
import { tool } from '../rehearsal.ts'
import type { Traits } from './houses.ts'

/** How long a call may take; a key is kept for longer. */
const timeout_ms = 10_000

/** The reviewed tools of a house: what makes its thing out of other houses' things, what undoes that, and what finds it. */
export function houseTools(house: string, traits: Traits, needs: readonly string[]): ToolManifest[] {
  if (traits.effect === 'update') return [setThing(house, traits, needs), resetThing]
  return [
    makeThing(house, traits, needs),
    ...(traits.undo ? [removeThing] : []),
    ...(traits.lookup ? [findThing(house)] : []),
  ]
}

function makeThing(house: string, { idempotency, undo, lookup, expect }: Traits, needs: readonly string[]) {
  const removal: JsonObject =
    undo === 'by_id' ? { id: { $ref: '/output/id' } } : { label: { $ref: '/arguments/label' } }
  return tool('make_thing', {
    timeout_ms,
    effect: 'create',
    idempotency,
    establishes: [`${house}.thing`],
    input: textFields(['label', ...needs.map(idOf)]),
    output: textFields(['id', 'status']),
    marks: marksOf(house, needs),
    ...(expect && { expect: 'output.status == "ready"' }),
    ...(undo && { compensation: { tool: 'remove_thing', arguments: removal } }),
    ...(lookup && { lookup: { tool: 'find_thing', arguments: { label: { $ref: '/arguments/label' } } } }),
  })
}

function findThing(house: string) {
  return tool('find_thing', {
    timeout_ms,
    effect: 'read',
    input: textFields(['label']),
    output: textFields(['id', 'status']),
    marks: marksOf(house, []),
  })
}

const removeThing = tool('remove_thing', {
  timeout_ms,
  effect: 'delete',
  input: textFields([], ['id', 'label']),
})

function setThing(house: string, { idempotency }: Traits, needs: readonly string[]) {
  return tool('set_thing', {
    timeout_ms,
    effect: 'update',
    idempotency,
    establishes: [`${house}.thing`],
    input: textFields(['label', 'value', ...needs.map(idOf)]),
    output: textFields(['id', 'status', 'previous']),
    marks: marksOf(house, needs),
    compensation: {
      tool: 'reset_thing',
      arguments: { label: { $ref: '/arguments/label' }, value: { $ref: '/output/previous' } },
    },
  })
}

const resetThing = tool('reset_thing', { timeout_ms, effect: 'update', input: textFields(['label', 'value']) })

/** The field for the id of another house's thing. */
export function idOf(house: string): string {
  return `${house}_id`
}

function marksOf(house: string, needs: readonly string[]): ToolManifest['marks'] {
  const ids = Object.fromEntries(needs.map((needed) => [`/${idOf(needed)}`, `${needed}.id`]))
  const none = { sensitive: [], destinations: [] }
  return {
    input: { ...none, facts: { '/label': `${house}.label`, '/value': `${house}.value`, ...ids } },
    output: { ...none, facts: { '/id': `${house}.id` } },
  }
}

function textFields(required: string[], optional: string[] = []): JsonObject {
  const properties = Object.fromEntries([...required, ...optional].map((field) => [field, { type: 'string' }]))
  return { type: 'object', properties, required, additionalProperties: false }
}
