import { applyEdits, modify, type ParseError, parse, printParseErrorCode } from 'jsonc-parser'
import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import { isOwn } from './entry.ts'
import type { Host, Rendered } from './hosts.ts'
import { insertLast } from './insert-last.ts'

/** A configuration that cannot be edited: it is no JSON, or not in the host's shape. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/** The text with these entries in it, each in the place of an earlier one of its name. All else, comments too, stays as it is. */
export function withEntries(text: string, host: Host, entries: Readonly<Record<string, Rendered>>): string {
  let edited = text.trim() === '' ? '{}\n' : text
  const document = read(edited, host)
  for (const [name, { server }] of Object.entries(entries))
    edited = set(edited, [host.servers, name], server, serversIn(document, host)[name])
  const inputs = Object.values(entries).flatMap((rendered) => rendered.inputs)
  const known = inputsIn(document)
  const added = inputs.filter(({ id }) => !known.some((input) => idOf(input) === id))
  for (const input of added) edited = append(edited, input)
  return edited
}

/** The text without these entries, and without what was asked for them alone. */
export function withoutEntries(text: string, host: Host, names: readonly string[]): string {
  if (text.trim() === '') return text
  const document = read(text, host)
  let edited = text
  for (const name of names) if (name in serversIn(document, host)) edited = changed(edited, [host.servers, name])
  const isOurs = (input: Json) => names.some((name) => idOf(input)?.startsWith(`${name}:`))
  for (const [index, input] of [...inputsIn(document).entries()].reverse())
    if (isOurs(input)) edited = changed(edited, ['inputs', index])
  return edited
}

/** The names of the entries that are ours. */
export function ownEntries(text: string, host: Host): string[] {
  return text.trim() === '' ? [] : Object.keys(serversIn(read(text, host), host)).filter(isOwn)
}

/** What a text says of these entries, and nothing of its other secrets: to be shown. */
export function partOf(text: string, host: Host, names: readonly string[]): JsonObject {
  const document = text.trim() === '' ? {} : read(text, host)
  const servers = Object.fromEntries(Object.entries(serversIn(document, host)).filter(([name]) => names.includes(name)))
  const inputs = inputsIn(document).filter((input) => names.some((name) => idOf(input)?.startsWith(`${name}:`)))
  return { [host.servers]: servers, ...(inputs.length > 0 && { inputs }) }
}

function read(text: string, host: Host): JsonObject {
  const errors: ParseError[] = []
  const document = parse(text, errors, { allowTrailingComma: true }) as Json
  const [error] = errors
  if (error) {
    const line = text.slice(0, error.offset).split('\n').length
    throw new ConfigurationError(`line ${line}: ${printParseErrorCode(error.error)}`)
  }
  if (!isJsonObject(document)) throw new ConfigurationError('it must hold one object')
  for (const [name, isRight, shape] of [
    [host.servers, isJsonObject, 'an object'],
    ['inputs', Array.isArray, 'a list'],
  ] as const) {
    const member = document[name]
    if (member !== undefined && (name !== 'inputs' || host.asks) && !isRight(member))
      throw new ConfigurationError(`/${name} must be ${shape}`)
  }
  return document
}

function serversIn(document: JsonObject, host: Host): JsonObject {
  const servers = document[host.servers]
  return isJsonObject(servers) ? servers : {}
}

function inputsIn({ inputs }: JsonObject): Json[] {
  return Array.isArray(inputs) ? inputs : []
}

function idOf(input: Json): string | undefined {
  return isJsonObject(input) && typeof input.id === 'string' ? input.id : undefined
}

/** What is so already is not touched, so that its comments and its layout stay. */
function set(text: string, path: [string, string], value: JsonObject, current: Json | undefined): string {
  if (JSON.stringify(current) === JSON.stringify(value)) return text
  const [container, name] = path
  const inserted = current === undefined ? insertLast(text, [container], { [name]: value }, layoutOf(text)) : undefined
  return inserted ?? changed(text, path, value)
}

function append(text: string, value: JsonObject): string {
  return insertLast(text, ['inputs'], [value], layoutOf(text)) ?? changed(text, ['inputs', -1], value)
}

/** Without a value, what is there is taken out. */
function changed(text: string, path: (string | number)[], value?: JsonObject): string {
  const { indent, eol } = layoutOf(text)
  const insertSpaces = !indent.startsWith('\t')
  const formattingOptions = { insertSpaces, tabSize: insertSpaces ? indent.length : 1, eol }
  return applyEdits(text, modify(text, path, value, { formattingOptions, isArrayInsertion: path.at(-1) === -1 }))
}

/** Indented as the file is. */
function layoutOf(text: string): { indent: string; eol: string } {
  const [, indent = '  '] = /^([ \t]+)\S/m.exec(text) ?? []
  return { indent: indent.startsWith('\t') ? '\t' : indent, eol: text.includes('\r\n') ? '\r\n' : '\n' }
}
