import type { Issue } from '../../../shared/failure.ts'
import { isJsonObject } from '../../../shared/json.ts'
import { formatPointer } from '../../../shared/json-pointer.ts'
import { nearestName } from '../../../shared/nearest-name.ts'
import type { Outcome } from '../../model/goal.ts'
import { inputProperties } from '../../model/input-facts.ts'
import { pathOf } from './ambiguity.ts'
import type { Unbound } from './bind.ts'
import type { Chosen } from './choose.ts'
import { type Derivation, findsNothing } from './derive.ts'
import type { Need } from './template.ts'
import type { Node, World } from './world.ts'

/** How many issues a person is shown; the first are the ones nearest to the goal. */
const mostIssues = 20

/** Why outcomes cannot be had: the facts at the root that nothing gives, for which field of which tool, and what was tried. */
export function explainUnreachable(world: World, { derivation, unreachable }: Extract<Chosen, { ok: false }>): Issue[] {
  const blame = new Blame(world, derivation)
  for (const { index, outcome } of world.unmet()) {
    if (unreachable.has(outcome)) blame.outcome(outcome, formatPointer(['outcomes', index]))
  }
  return blame.issues()
}

export function explainCircle({ node, need }: Unbound): Issue {
  return { path: pathOf(node, need), message: `${need.fact} comes only from tasks that wait for this one: a circle` }
}

class Blame {
  private readonly world: World
  private readonly derivation: Derivation
  private readonly found = new Map<string, Issue>()
  private readonly above = new Set<Node>()
  private readonly done = new Set<Node>()

  constructor(world: World, derivation: Derivation) {
    this.world = world
    this.derivation = derivation
  }

  issues(): Issue[] {
    return [...this.found.values()].slice(0, mostIssues)
  }

  outcome(outcome: Outcome, path: string): void {
    const before = this.found.size
    const establishers = this.world.establishers(outcome)
    for (const refusal of this.refusedEstablishers(outcome)) this.add(path, refusal)
    for (const node of establishers) this.node(node)
    if (this.found.size > before) return
    const { fact } = outcome
    if (establishers.length > 0) {
      const names = establishers.map(({ tool }) => tool.id).join(', ')
      this.add(
        path,
        `${fact} is established by ${names} only, and what that needs cannot be had together with the other outcomes`,
      )
      return
    }
    const near = nearestName(fact, this.world.index.establishers.keys())
    this.add(path, `nothing establishes ${fact}: no tool says that it does${near ? `; did you mean ${near}?` : ''}`)
  }

  /** Why tools that do establish the outcome were passed over. */
  private refusedEstablishers({ fact, existing }: Outcome): string[] {
    return (this.world.index.establishers.get(fact) ?? []).flatMap((tool) => {
      const why = this.world.problem.excluded.get(tool.id)
      if (why !== undefined) return [`${fact} was tried with ${tool.id}, which ${why}`]
      if (tool.effect === 'delete')
        return [`${tool.id} establishes ${fact}, but it deletes, and deletes are never planned`]
      if (tool.effect === 'read' && !existing) {
        return [`${tool.id} only finds a ${fact} that exists already: set "existing: true" where that will do`]
      }
      return []
    })
  }

  private node(node: Node): void {
    if (this.done.has(node)) return
    this.done.add(node)
    this.above.add(node)
    for (const need of node.needs) {
      if (!this.derivation.choices.has(this.world.groupOf(need))) this.need(node, need)
    }
    this.above.delete(node)
  }

  private need(node: Node, need: Need): void {
    const path = pathOf(node, need)
    const { offers } = this.world.groupOf(need)
    if (offers.length === 0) this.add(path, this.nothingGives(node, need))
    for (const offer of offers) {
      const derived = this.derivation.reached.get(offer.node)
      if (derived && findsNothing(derived)) {
        this.add(
          path,
          `${offer.node.tool.id} finds ${need.fact} only where it existed before the run, and this run creates what it is looked up by`,
        )
      } else if (this.above.has(offer.node)) {
        this.add(
          path,
          `${need.fact} comes from ${offer.node.tool.id}, which itself waits for ${node.tool.id}: a circle`,
        )
      } else this.node(offer.node)
    }
  }

  private nothingGives(node: Node, need: Need): string {
    const { fact } = need
    const tried = [...this.goalsOwn(fact), ...this.passedOver(fact, need)]
    const slot = node.slots.find(({ template }) => template.needs.includes(need))
    const mention = slot && slot.fact !== fact ? ` (named by the goal's argument ${slot.fact})` : ''
    const type = typeOf(need)
    const what = `nothing gives ${fact}${type ? ` as ${type}` : ''}${mention}`
    if (tried.length > 0) return `${what}: ${tried.join('; ')}`
    const near = nearestName(fact, [...this.world.index.sources.keys(), ...this.world.givens.input.keys()])
    return `${what}: neither the goal's input or arguments nor the output of any tool${near ? `; did you mean ${near}?` : ''}`
  }

  private goalsOwn(fact: string): string[] {
    const { goal } = this.world.problem
    const property = inputProperties(goal.input).find((candidate) => candidate.fact === fact)
    const isThere = this.world.givens.input.has(fact)
    return [
      ...(goal.arguments[fact] !== undefined ? [`the goal's argument for it does not fit`] : []),
      ...(property && isThere ? [`the input's ${property.pointer} does not fit`] : []),
      ...(property && !isThere ? [`the input leaves out ${property.pointer}, which would`] : []),
    ]
  }

  private passedOver(fact: string, { bound }: Need): string[] {
    return (this.world.index.sources.get(fact) ?? []).flatMap(({ tool, handsOn }) => {
      const why = this.world.problem.excluded.get(tool.id)
      if (bound !== undefined && tool.id !== bound) return []
      if (why !== undefined) return [`${tool.id} was tried and ${why}`]
      if (tool.effect === 'delete') return []
      if (handsOn) return [`${tool.id} returns it, but has to be given it first`]
      return [`${tool.id} gives it, but not of a type that fits, or as a secret that may not go there`]
    })
  }

  private add(path: string, message: string): void {
    this.found.set(`${path}\n${message}`, { path, message })
  }
}

function typeOf({ target }: Need): string | undefined {
  if (target.text || !isJsonObject(target.schema)) return undefined
  const { type } = target.schema
  return typeof type === 'string' ? type : undefined
}
