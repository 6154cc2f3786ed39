import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import type { Issue } from '../shared/failure.ts'
import { formatPointer } from '../shared/json-pointer.ts'
import { didYouMean } from '../shared/nearest-name.ts'

/** A fault of a value, or with `about: 'key'` of the key that stands there. */
export interface YamlFault {
  at: (string | number)[]
  message: string
  about?: 'key'
}

/** A fault and its place in the file. */
export type YamlIssue = Issue & { line: number; column: number }

/** A YAML file that does not say what it should: every fault with its line, its column, its path and what would be right. */
export class YamlError extends Error {
  readonly issues: YamlIssue[]

  constructor(what: string, file: string, issues: YamlIssue[]) {
    const lines = issues.map(({ line, column, path, message }) =>
      [`  ${file}:${line}:${column}`, path, message].filter((part) => part !== '').join(' '),
    )
    super(`The ${what} is refused:\n${lines.join('\n')}`)
    this.name = 'YamlError'
    this.issues = issues
  }
}

/** What a YAML file is to be. */
export interface YamlKind<Schema extends z.ZodType> {
  /** What errors call it: "goal". */
  what: string
  schema: Schema
  /** What the schema alone does not tell. */
  check?(value: z.output<Schema>): YamlFault[]
}

/**
 * Parses and validates the text of a YAML file; `file` is what errors call it. An empty text is an empty map. Throws a
 * {@link YamlError} that lists every fault.
 */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  file: string,
  { what, schema, check }: YamlKind<Schema>,
): z.output<Schema> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  if (document.errors.length > 0) {
    const issues = document.errors.map(({ message, pos }) => ({
      path: '',
      message: message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message,
      ...placeOf(pos[0]),
    }))
    throw new YamlError(what, file, issues)
  }
  const parsed = schema.safeParse(
    valueIn(document, (message) => new YamlError(what, file, [{ path: '', message, ...placeOf(0) }])),
  )
  const faults = parsed.success
    ? (check?.(parsed.data) ?? [])
    : parsed.error.issues.flatMap((issue) => faultsOf(issue, schema))
  if (parsed.success && faults.length === 0) return parsed.data
  const issues = faults.map((fault) => ({
    path: formatPointer(fault.at),
    message: fault.message,
    ...placeOf(offsetOf(document, fault)),
  }))
  throw new YamlError(what, file, issues)
}

/** The value that the text stands for: an alias of nothing, or of too much, stands for none. */
function valueIn(document: Document, refused: (why: string) => YamlError): unknown {
  try {
    return document.toJS() ?? {}
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error))
  }
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType): YamlFault[] {
  const at = issue.path.map((token) => (typeof token === 'number' ? token : String(token)))
  if (issue.code !== 'unrecognized_keys') return [{ at, message: issue.message }]
  const known = keysAt(schema, at)
  return issue.keys.map((key) => ({
    at: [...at, key],
    message: `is not known here${didYouMean(key, known)}`,
    about: 'key',
  }))
}

/** The keys that a schema knows at a path; none where it cannot be told. */
function keysAt(schema: z.ZodType, [token, ...rest]: (string | number)[]): string[] {
  const inner = unwrapped(schema)
  if (token === undefined) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
  if (inner instanceof z.ZodObject) return keysAt(inner.shape[token] ?? z.never(), rest)
  if (inner instanceof z.ZodArray) return keysAt(inner.element as z.ZodType, rest)
  if (inner instanceof z.ZodRecord) return keysAt(inner.valueType as z.ZodType, rest)
  return []
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const wraps = schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
  return wraps ? unwrapped(schema.unwrap() as z.ZodType) : schema
}

/** Where the value or the key stands, or the closest thing around it. */
function offsetOf(document: Document, { at, about }: YamlFault): number {
  if (about === 'key') {
    const parent = at.length === 1 ? document.contents : document.getIn(at.slice(0, -1), true)
    const pair =
      isMap(parent) && parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(at.at(-1)))
    if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0]
  }
  for (let length = at.length; length > 0; length--) {
    const node = document.getIn(at.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}
