import type { Json } from '../../../../shared/json.ts'

/** JSON in which no `<` is left, so that nothing within can end the block that it stands in, and no break of a line. */
export function inertJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<\u0085\u2028\u2029]/g, escaped)
}

/** A text of somebody else as a part of a line of ours: cut between characters, without breaks, and without any `<`. */
export function inertLine(text: string, longest: number): string {
  return text.slice(0, longest).toWellFormed().replace(breaks, ' ').replace(/</g, escaped)
}

/** Blanks in a row, and whatever ends a line somewhere. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the characters in question
const breaks = /[\s\u0000-\u001f\u007f-\u009f]+/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** What somebody outside wrote or returned: marked with where it is from, and never anything else than data. */
export function dataBlock(origin: string, value: Json): string {
  return `<data origin=${inertJson(origin)}>${inertJson(value)}</data>`
}
