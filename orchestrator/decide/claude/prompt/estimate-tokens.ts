import { Buffer } from 'node:buffer'
import type { ModelRequest } from '../endpoint.ts'

/** Tokens that an endpoint adds by itself, such as what it says of the form of the answer. */
const addedByEndpoint = 500

/** Newer tokenizers make up to a third more of the same text than those against which this was counted. */
const reserve = 4 / 3

/** How many letters of a word share a token at least, in its first dozen letters and beyond: longer words are seldom words. */
const lettersOfWord = 4
const lettersOfBlanks = 3
const wordLetters = 12
const lettersOfNoise = 1.5

/** A word with the blank before it, capitals, blanks, any other ASCII character, and what is not ASCII. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
const pieces = /( ?[A-Z]?[a-z]+)|([A-Z]+)|(\s+)|([\x00-\x7f])|([^\x00-\x7f]+)/g

/**
 * How many tokens a text has at most. No byte-level tokenizer makes more of them than there are bytes: that is what counts
 * for all that is not ASCII. ASCII is split into words and signs first, as tokenizers do, with a reserve for newer ones. The
 * test beside holds it against texts that were counted.
 */
export function estimateTextTokens(text: string): number {
  let ascii = 0
  let others = 0
  for (const [piece, word, capitals, blanks, sign] of text.matchAll(pieces)) {
    if (word !== undefined) ascii += tokensOfWord(piece.trimStart().length)
    else if (capitals !== undefined) ascii += Math.ceil(piece.length / lettersOfNoise)
    else if (blanks !== undefined) ascii += Math.ceil(piece.length / lettersOfBlanks)
    else if (sign !== undefined) ascii += 1
    else others += Buffer.byteLength(piece)
  }
  return Math.ceil(ascii * reserve) + others
}

function tokensOfWord(letters: number): number {
  const noise = Math.max(0, letters - wordLetters)
  return Math.ceil((letters - noise) / lettersOfWord) + Math.ceil(noise / lettersOfNoise)
}

/** How many tokens a request has at most. */
export function estimateTokens({ system, messages, output_config }: ModelRequest): number {
  const texts = [...system, ...messages.flatMap(({ content }) => content)].map(({ text }) => text)
  const schema = output_config ? JSON.stringify(output_config) : ''
  return [schema, ...texts].reduce((sum, text) => sum + estimateTextTokens(text), addedByEndpoint)
}
