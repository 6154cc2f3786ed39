import { ScaffoldError } from './scaffold-error.ts'

/** What a new capability server is called. */
export interface ServerNames {
  /** Of the server, its folder and its namespace: `crm`. */
  name: string
  /** What its tools create, find and delete: `contact`. */
  thing: string
  /** For people: `Crm`. */
  title: string
}

const oneWord = /^[a-z][a-z0-9]{1,15}$/
const shortTitle = /^[\p{L}\p{N}][\p{L}\p{N} .&-]{0,15}$/u

/** Throws {@link ScaffoldError} for names that would be no names of tools, facts and environment variables. */
export function serverNames(name: string, { thing = 'item', title }: Partial<Omit<ServerNames, 'name'>>): ServerNames {
  for (const [what, word] of [
    ['name', name],
    ['thing', thing],
  ] as const)
    if (!oneWord.test(word))
      throw new ScaffoldError(`The ${what} is "${word}"; it must be one word of 2 to 16 of a-z and 0-9, such as "crm"`)
  if (title !== undefined && !shortTitle.test(title))
    throw new ScaffoldError(`The title is "${title}"; it must be 1 to 16 letters, digits, spaces, ".", "&" and "-"`)
  return { name, thing, title: title ?? capitalized(name) }
}

/** The plural of an English word, by its ending alone. */
export function pluralOf(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`
  return /(s|x|z|ch|sh)$/.test(word) ? `${word}es` : `${word}s`
}

export function capitalized(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`
}
