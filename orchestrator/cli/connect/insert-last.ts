import { createScanner, findNodeAtLocation, type ParseError, parse, parseTree } from 'jsonc-parser'
import type { JsonObject } from '../../../shared/json.ts'

/** Kinds of token as the scanner numbers them. */
const comma = 5
const lineComment = 12
const blockComment = 13
const trivia = 15

/**
 * The text with one more member at the end of an object or list, on lines of its own: nothing else is laid out anew, and a
 * comment after the last member stays with it. `member` is an object or a list that holds it alone. Undefined where there is
 * no last member on a line of its own to follow.
 */
export function insertLast(
  text: string,
  path: (string | number)[],
  member: JsonObject | [JsonObject],
  { indent, eol }: { indent: string; eol: string },
): string | undefined {
  const tree = parseTree(text, [], { allowTrailingComma: true })
  const last = tree && findNodeAtLocation(tree, path)?.children?.at(-1)
  if (!last) return undefined
  const begin = text.lastIndexOf('\n', last.offset) + 1
  const margin = text.slice(begin, last.offset)
  if (!/^[ \t]*$/.test(margin)) return undefined
  const end = last.offset + last.length
  const { isFollowed, after } = restOfLine(text, end)
  const lines = JSON.stringify(member, null, indent).split('\n').slice(1, -1)
  const laidOut = lines.map((line) => `${eol}${margin}${line.slice(indent.length)}`).join('')
  const edited = `${text.slice(0, end)}${isFollowed ? '' : ','}${text.slice(end, after)}${laidOut}${isFollowed ? ',' : ''}${text.slice(after)}`
  const errors: ParseError[] = []
  parse(edited, errors, { allowTrailingComma: true })
  return errors.length === 0 ? edited : undefined
}

/** Whether a comma follows, and where what belongs to the line ends: the comma, and comments on the same line. */
function restOfLine(text: string, from: number): { isFollowed: boolean; after: number } {
  const scanner = createScanner(text, false)
  scanner.setPosition(from)
  let isFollowed = false
  let after = from
  for (;;) {
    const token: number = scanner.scan()
    if (token === trivia) continue
    if (token === comma) isFollowed = true
    else if (token !== lineComment && token !== blockComment) return { isFollowed, after }
    after = scanner.getTokenOffset() + scanner.getTokenLength()
  }
}
