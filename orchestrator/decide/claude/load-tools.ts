import type { Catalogue, Tool } from '../../model/catalogue.ts'
import { inputFact } from '../../model/catalogue.ts'
import type { Goal } from '../../model/goal.ts'
import type { Situation } from '../../model/situation.ts'
import { freeText, goalServer, pursueText } from '../../model/sub-goals.ts'
import { allowedTools } from '../allowed-tools.ts'
import { findTools } from '../find-tools.ts'

/** How many tools are shown before any was looked for: models choose worse among more than 30. */
const mostAtFirst = 20

/** How many of those come from the words of the goal. */
const mostByWords = 5

/** How many each search adds. */
const mostFound = 8

/** The tools that a model is shown: those that the goal leads to, then what each search added. Earlier ones keep their places. */
export interface LoadedTools {
  first: Tool[]
  found: Tool[]
}

/** What is loaded follows from the goal and the searches that the record holds, and from nothing else. */
export function loadTools({ created, decisions }: Situation, catalogue: Catalogue): LoadedTools {
  const usable = plannable(created.goal, catalogue)
  const first = firstTools(created.goal, usable)
  const loaded = new Set(first)
  for (const { decision, problems } of decisions) {
    if (decision.kind !== 'find_tools' || problems) continue
    for (const { tool } of findTools({ tools: usable }, decision.query, mostFound)) loaded.add(tool)
  }
  return { first, found: [...loaded].slice(first.length) }
}

/** How many tools there are to look for. */
export function countPlannable({ created }: Situation, catalogue: Catalogue): number {
  return plannable(created.goal, catalogue).size
}

/** A delete is never planned, and a goal is no part of itself, unless it is another in words: neither is shown. */
function plannable(goal: Goal, catalogue: Catalogue): Catalogue['tools'] {
  return new Map(
    [...allowedTools(goal, catalogue)].filter(
      ([, { effect, sub_goal }]) => effect !== 'delete' && (sub_goal?.goal !== goal.goal || sub_goal.goal === freeText),
    ),
  )
}

/** What establishes the outcomes, what gives the facts that those need, and so on; then what the goal's words find. */
function firstTools(goal: Goal, tools: Catalogue['tools']): Tool[] {
  const all = [...tools.values()]
  const loaded = new Set<Tool>()
  const wanted = new Set(goal.outcomes.map(({ fact }) => fact))
  if (goal.on_trouble) wanted.add(goal.on_trouble.fact)
  let next = all.filter(({ establishes }) => establishes.some((fact) => wanted.has(fact)))
  const byWords = findTools({ tools }, `${goal.title} ${goal.description}`, mostByWords).map(({ tool }) => tool)
  if (next.length === 0) next = byWords
  while (next.length > 0 && loaded.size < mostAtFirst) {
    for (const tool of next) if (loaded.size < mostAtFirst) loaded.add(tool)
    const needed = new Set(next.flatMap(neededFacts))
    next = all.filter((tool) => !loaded.has(tool) && Object.values(tool.marks.output.facts).some((f) => needed.has(f)))
  }
  for (const tool of byWords) if (loaded.size < mostAtFirst) loaded.add(tool)
  // What nobody has split into steps may be split into runs.
  const worker = goal.goal === freeText ? tools.get(`${goalServer}.${pursueText}`) : undefined
  if (worker) loaded.add(worker)
  return [...loaded]
}

function neededFacts(tool: Tool): string[] {
  const required = Array.isArray(tool.input.required) ? tool.input.required : []
  return required.flatMap((field) => (typeof field === 'string' ? [inputFact(tool, field)] : []))
}
