import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { Issue } from '../shared/failure.ts'
import { formatPointer } from '../shared/json-pointer.ts'

/** A YAML file that does not say what it should: every fault with its line, its path and what would be right. */
export class YamlError extends Error {
  readonly issues: Issue[]
  constructor(file: string, issues: (Issue & { line: number })[]) {
    super(issues.map(({ line, path, message }) => `${file}:${line} ${path || '/'}: ${message}`).join('\n'))
    this.name = 'YamlError'
    this.issues = issues
  }
}

/** Parses and validates a YAML file. Throws a {@link YamlError} that lists every fault. An empty file is an empty map. */
export function parseYaml<Schema extends z.ZodType>(text: string, file: string, schema: Schema): z.output<Schema> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => ({
      line: lines.linePos(error.pos[0]).line,
      path: '',
      message: error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? 'not YAML',
    }))
    throw new YamlError(file, faults)
  }
  const result = schema.safeParse(document.toJS() ?? {})
  if (result.success) return result.data
  const faults = result.error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
    const lineOf = (at: (string | number)[]) => lines.linePos(offsetOf(document.contents, at)).line
    if (issue.code !== 'unrecognized_keys')
      return [{ line: lineOf(path), path: formatPointer(path), message: issue.message }]
    return issue.keys.map((key) => ({
      line: lineOf([...path, key]),
      path: formatPointer([...path, key]),
      message: 'there is no such setting',
    }))
  })
  throw new YamlError(file, faults)
}

/** Where the deepest part of a path that exists begins; for a key of a map, the key itself. */
function offsetOf(root: Node | null, path: (string | number)[]): number {
  let node: unknown = root
  let offset = root?.range?.[0] ?? 0
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
      if (!pair) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    } else if (typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items)) {
      node = node.items[Number(part)]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    } else return offset
  }
  return offset
}
