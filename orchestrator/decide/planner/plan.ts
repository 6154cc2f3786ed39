import type { Effect } from '../../../shared/manifest.ts'
import type { Task } from '../../model/decision.ts'
import { isReference, type Value } from '../../model/value.ts'
import { explainAmbiguity, tiedSuppliers } from './ambiguity.ts'
import { Bindings, bindIfGiven, bindNeeds } from './bind.ts'
import { checkBindings } from './check-bindings.ts'
import { choose, type Selection } from './choose.ts'
import { explainCircle, explainUnreachable } from './explain.ts'
import type { Planned, PlanningProblem } from './problem.ts'
import { listSlot, type Node, referenceTo, World } from './world.ts'

/**
 * Plans backwards from the outcomes that do not hold yet, over what tools establish and the facts that they need, to tasks
 * with references. Deterministic, and knows of no particular goal or tool. Its order is the one in which people read it.
 */
export function plan(problem: PlanningProblem): Planned {
  const world = new World(problem)
  const unmet = world.unmet().map(({ outcome }) => outcome.fact)
  const misbound = checkBindings(world)
  if (misbound.length > 0) return { ok: false, code: 'no_plan', facts: unmet, issues: misbound }

  const chosen = choose(world)
  if (!chosen.ok) {
    const facts = [...chosen.unreachable].map(({ fact }) => fact)
    return { ok: false, code: 'no_plan', facts, issues: explainUnreachable(world, chosen) }
  }
  const { selection } = chosen
  const bindings = new Bindings()
  const unbound = bindNeeds(world, selection.nodes, bindings)
  const nodes = inReadingOrder(selection, bindings)
  const tied = unbound.length > 0 ? unbound : tiedSuppliers(world, selection, nodes, bindings)
  const ambiguous = tied.filter(({ candidates }) => candidates.length > 1)
  if (ambiguous.length > 0) {
    return { ok: false, code: 'ambiguous_fact', facts: unmet, issues: ambiguous.map(explainAmbiguity) }
  }
  if (unbound.length > 0) return { ok: false, code: 'no_plan', facts: unmet, issues: unbound.map(explainCircle) }

  for (const node of nodes) {
    const optional = node.slots.flatMap(({ template }) => template.needs)
    bindIfGiven(world, node, optional, new Set(nodes), bindings)
  }
  const ordered = inReadingOrder(selection, bindings)
  return { ok: true, tasks: tasksOf(ordered, selection, bindings, world), why: summaryOf(ordered, unmet, problem) }
}

/** The nodes that outcomes depend on, sources first, in the order of the goal's outcomes. */
function inReadingOrder({ establishes }: Selection, bindings: Bindings): Node[] {
  const ordered = new Set<Node>()
  const visit = (node: Node): void => {
    if (node.kept || ordered.has(node)) return
    for (const source of bindings.sourcesOf(node)) visit(source)
    ordered.add(node)
  }
  for (const node of establishes.values()) visit(node)
  return [...ordered]
}

function tasksOf(nodes: readonly Node[], { establishes }: Selection, bindings: Bindings, world: World): Task[] {
  const ids = giveIds(nodes, world.problem)
  const purposes = new Map(nodes.map((node) => [node, new Map<string, Set<string>>()]))
  const argumentsOf = (node: Node): Record<string, Value> => {
    const args: Record<string, Value> = {}
    for (const { field, required, template } of node.slots) {
      const used: { source: Node; fact: string }[] = []
      const value = template.fill((need) => {
        const offer = bindings.offers.get(need)
        if (!offer) return undefined
        used.push({ source: offer.node, fact: need.fact })
        return referenceTo(offer, ids)
      })
      if (value === undefined) {
        if (required) throw new Error(`plan: ${node.key} was planned without its required field ${field}`)
        continue
      }
      args[field] = value
      for (const { source, fact } of used) {
        const supplied = purposes.get(source)
        const consumers = supplied?.get(fact) ?? new Set()
        supplied?.set(fact, consumers.add(ids.get(node) ?? node.key))
      }
    }
    return args
  }
  const drafts = nodes.map((node) => ({ node, args: argumentsOf(node) }))
  return drafts.map(({ node, args: { [listSlot]: list, ...args } }) => {
    const outcomes = [...establishes].flatMap(([{ fact }, by]) => (by === node ? [fact] : []))
    const supplies = [...(purposes.get(node) ?? [])].map(([fact, to]) => `supplies ${fact} to ${[...to].join(', ')}`)
    const why = [...(outcomes.length > 0 ? [`establishes ${outcomes.join(', ')}`] : []), ...supplies].join('; ')
    const task = { id: ids.get(node) ?? node.key, tool: node.tool.id, arguments: args, why }
    return { ...task, ...asTheGoalWants(node, list, world), after: waitsFor(node, drafts, ids, world) }
  })
}

/** The tasks that the goal wants done first, though no value of theirs is needed. */
function waitsFor(
  { tool }: Node,
  drafts: readonly { node: Node }[],
  ids: ReadonlyMap<Node, string>,
  { problem, kept }: World,
): string[] {
  const facts = tool.establishes.flatMap((fact) => problem.goal.after?.[fact] ?? [])
  const before = [...kept, ...drafts.map(({ node }) => node)].filter((node) =>
    node.tool.establishes.some((fact) => facts.includes(fact)),
  )
  return before.flatMap((node) => node.kept?.id ?? ids.get(node) ?? [])
}

/** For which list, with which part of the budget and after which delay a task is done: the goal says so by fact. */
function asTheGoalWants(
  { tool }: Node,
  list: Value | undefined,
  world: World,
): Pick<Task, 'for_each' | 'slice' | 'delay_s'> {
  const { slices = {}, delays = {} } = world.problem.goal
  const fan = world.fanOutOf(tool)
  const slice = tool.establishes.map((fact) => slices[fact]).find((one) => one !== undefined)
  const delay_s = tool.establishes.map((fact) => delays[fact]).find((one) => one !== undefined)
  return {
    ...(fan && isReference(list) ? { for_each: { ref: list.$ref, as: fan.as, max: fan.max } } : {}),
    ...(slice === undefined ? {} : { slice }),
    ...(delay_s === undefined ? {} : { delay_s }),
  }
}

/** A task is called like its tool; a number keeps it apart from tasks that have had the name. */
function giveIds(nodes: readonly Node[], { ids: taken }: PlanningProblem): Map<Node, string> {
  const ids = new Map<Node, string>()
  const given = new Set<string>()
  const isFree = (id: string, tool: string) => !given.has(id) && (!taken.has(id) || taken.get(id) === tool)
  for (const node of nodes) {
    let id = node.tool.name
    for (let number = 2; !isFree(id, node.tool.id); number++) id = `${node.tool.name.slice(0, 58)}_${number}`
    given.add(id)
    ids.set(node, id)
  }
  return ids
}

function summaryOf(nodes: readonly Node[], outcomes: readonly string[], { excluded }: PlanningProblem): string {
  const count = (effect: Effect) => nodes.filter(({ tool }) => tool.effect === effect).length
  const effects = (['read', 'create', 'update'] as const)
    .filter((effect) => count(effect) > 0)
    .map((effect) => plural(count(effect), effect))
  const around = [...excluded.keys()].sort()
  const detour = around.length > 0 ? `, without ${around.join(', ')}` : ''
  return `${plural(nodes.length, 'call')} (${effects.join(', ')}) for ${outcomes.join(', ')}${detour}.`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
