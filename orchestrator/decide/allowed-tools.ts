import type { Catalogue } from '../model/catalogue.ts'
import type { Goal } from '../model/goal.ts'

/** What a run may use: of all reviewed tools those that its goal names, where it names any. */
export function allowedTools({ tools: patterns }: Pick<Goal, 'tools'>, { tools }: Catalogue): Catalogue['tools'] {
  if (!patterns) return tools
  const isNamed = (id: string) => patterns.includes(id) || patterns.includes(`${id.slice(0, id.indexOf('.'))}.*`)
  return new Map([...tools].filter(([id]) => isNamed(id)))
}
