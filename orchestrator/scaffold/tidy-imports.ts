const lineWidth = 120

/** Puts the imports at the head of a module as Biome wants them: Node's, packages by name, then its own files; in one line where that fits. */
export function tidyImports(text: string): string {
  const head = /^(?:import\b[\s\S]*?from '[^']+'\n)+/.exec(text)?.[0] ?? ''
  const statements = head.match(/import\b[\s\S]*?from '[^']+'\n/g) ?? []
  const sorted = statements.toSorted((a, b) => compare(sourceOf(a), sourceOf(b)))
  return `${sorted.map(inOneLine).join('')}${text.slice(head.length)}`
}

function inOneLine(statement: string): string {
  const flat = statement
    .trimEnd()
    .replaceAll(/,?\n\}/g, ' }')
    .replaceAll(/\n\s+/g, ' ')
  return flat.length <= lineWidth ? `${flat}\n` : statement
}

function sourceOf(statement: string): string {
  return /from '([^']+)'\n$/.exec(statement)?.[1] ?? ''
}

/** The order of a module's own files is left as it is. */
function compare(a: string, b: string): number {
  const [rankA, rankB] = [rankOf(a), rankOf(b)]
  if (rankA !== rankB || rankA === 2) return rankA - rankB
  return a < b ? -1 : 1
}

function rankOf(source: string): number {
  if (source.startsWith('node:')) return 0
  return source.startsWith('.') ? 2 : 1
}
