import type { Json } from '../../../../shared/json.ts'

/** JSON in which no `<` is left, so that nothing within can end the block that it stands in. */
export function inertJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

/** What somebody outside wrote or returned: marked with where it is from, and never anything else than data. */
export function dataBlock(origin: string, value: Json): string {
  return `<data origin=${inertJson(origin)}>${inertJson(value)}</data>`
}
