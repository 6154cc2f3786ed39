/** `{some.fact}` in a text, or `{some.fact|instead}`: what stands there when the fact cannot be had. */
export interface TextHole {
  fact: string
  fallback?: string
}

/** A template that cannot be read; `column` counts from 1. */
export class TextTemplateError extends Error {
  readonly column: number
  constructor(message: string, column: number) {
    super(message)
    this.name = 'TextTemplateError'
    this.column = column
  }
}

const factName = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/

/**
 * The parts of a goal's `$text`, as in `"{organizations.name} has {organizations.seats} seats, {{really}}"`: literal texts
 * and holes for facts. `{{` and `}}` stand for braces. Throws a {@link TextTemplateError}.
 */
export function parseTextTemplate(template: string): (string | TextHole)[] {
  const parts: (string | TextHole)[] = []
  let literal = ''
  let at = 0
  while (at < template.length) {
    const character = template[at]
    if ((character === '{' || character === '}') && template[at + 1] === character) {
      literal += character
      at += 2
    } else if (character === '}') {
      throw new TextTemplateError('"}" closes nothing: write "}}" for a brace', at + 1)
    } else if (character === '{') {
      const end = template.indexOf('}', at)
      if (end < 0) throw new TextTemplateError('"{" is never closed: write "{{" for a brace', at + 1)
      if (literal !== '') parts.push(literal)
      literal = ''
      parts.push(hole(template.slice(at + 1, end), at + 1))
      at = end + 1
    } else {
      literal += character
      at += 1
    }
  }
  if (literal !== '') parts.push(literal)
  return parts
}

function hole(content: string, column: number): TextHole {
  const bar = content.indexOf('|')
  const fact = (bar < 0 ? content : content.slice(0, bar)).trim()
  if (!factName.test(fact)) {
    throw new TextTemplateError(`{${content}} names no fact: write {some.fact} or {some.fact|instead}`, column)
  }
  return bar < 0 ? { fact } : { fact, fallback: content.slice(bar + 1) }
}
