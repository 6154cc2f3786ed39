import { isJsonObject, type Json } from '../../../shared/json.ts'
import { formatPointer, getAt } from '../../../shared/json-pointer.ts'
import type { Effect } from '../../../shared/manifest.ts'
import { inputFact, type Tool, type ToolContract } from '../../model/catalogue.ts'
import type { Outcome } from '../../model/goal.ts'
import { isSealed, type Reference } from '../../model/value.ts'
import { fitsSchema, fitsValue } from './compatible.ts'
import { type FactIndex, factIndex, requiredFields } from './fact-index.ts'
import type { KeptTask, PlanningProblem } from './problem.ts'
import { type Givens, givensOf, type Need, supply, type Target, type Template } from './template.ts'

/** A task that a plan could have, or one that is kept: then it costs nothing and needs nothing. */
export interface Node {
  key: string
  tool: Pick<ToolContract, 'id' | 'name' | 'effect' | 'establishes'>
  kept?: KeptTask
  slots: readonly Slot[]
  /** The needs of required fields that have no fallback. */
  needs: readonly Need[]
  weight: number
}

/** A field of a tool's input and how it is filled. */
export interface Slot {
  field: string
  fact: string
  required: boolean
  template: Template
}

/** The slot of the list that a tool is called for, beside those of its fields. */
export const listSlot = '$for_each'

/** A node whose output gives a fact, and where in its output. */
export interface Offer {
  node: Node
  pointer: string
}

/** Needs that the same offers meet. */
export interface Group {
  fact: string
  offers: readonly Offer[]
  /** True where some tool creates what the fact names: then a read finds it only if it existed before. */
  made: boolean
}

/** One update outweighs any number of creates, and one create any number of reads. Deletes are never planned. */
const weights: Record<Effect, number> = { read: 1, create: 1_000, update: 1_000_000, delete: Number.POSITIVE_INFINITY }

/** The tools as the planner sees them for one problem; nodes and groups are made as they are asked for. */
export class World {
  readonly problem: PlanningProblem
  readonly index: FactIndex
  readonly givens: Givens
  readonly kept: readonly Node[]
  private readonly nodes = new Map<string, Node>()
  private readonly groups = new Map<string, Group>()
  private readonly groupOfNeed = new Map<Need, Group>()

  constructor(problem: PlanningProblem) {
    this.problem = problem
    this.index = factIndex(problem.tools)
    this.givens = givensOf(problem.goal, problem.input)
    this.kept = problem.kept.map((kept) => ({
      key: `/${kept.id}`,
      tool: kept.tool,
      kept,
      slots: [],
      needs: [],
      weight: 0,
    }))
  }

  /** The outcomes that are still to be had, with their place in the goal. */
  unmet(): { index: number; outcome: Outcome }[] {
    const held = new Set(this.problem.kept.flatMap(({ establishes }) => establishes))
    return this.problem.goal.outcomes
      .map((outcome, index) => ({ index, outcome }))
      .filter(({ outcome }) => !held.has(outcome.fact) && !this.problem.waived.has(outcome.fact))
  }

  /** The tools that may establish an outcome; a read only where the goal takes what existed before. */
  establishers({ fact, existing }: Outcome): Node[] {
    const tools = (this.index.establishers.get(fact) ?? []).filter(
      (tool) => this.isUsable(tool) && (existing || tool.effect !== 'read'),
    )
    const bound = tools.filter(({ id }) => id === this.givens.bind[fact])
    return (bound.length > 0 ? bound : tools).map((tool) => this.nodeOf(tool))
  }

  /** Everything that could have a part in a plan, found backwards from the outcomes. */
  relevant(): Node[] {
    const found = new Set(this.unmet().flatMap(({ outcome }) => this.establishers(outcome)))
    const seen = new Set<Group>()
    for (const node of found) {
      for (const group of node.needs.map((need) => this.groupOf(need))) {
        if (seen.has(group)) continue
        seen.add(group)
        for (const offer of group.offers) found.add(offer.node)
      }
    }
    return [...found]
  }

  groupOf(need: Need): Group {
    const known = this.groupOfNeed.get(need)
    if (known) return known
    const key = JSON.stringify([
      need.fact,
      shapeOf(need.target.schema),
      need.target.text,
      need.target.sensitive,
      need.bound,
    ])
    const group = this.groups.get(key) ?? this.gather(need)
    this.groups.set(key, group)
    this.groupOfNeed.set(need, group)
    return group
  }

  private gather({ fact, target, bound }: Need): Group {
    const fitting = (this.index.sources.get(fact) ?? []).filter(
      ({ tool, schema, sensitive }) => tool.effect !== 'delete' && fits(schema, sensitive, target),
    )
    const sources = fitting.filter(
      ({ tool, handsOn }) => this.isUsable(tool) && (bound === undefined ? !handsOn : tool.id === bound),
    )
    const kept = this.kept.flatMap((node) => this.keptOffers(node, fact, target))
    const offers = [
      ...kept.filter(({ node }) => bound === undefined || node.tool.id === bound),
      ...sources.map(({ tool, pointer }) => ({ node: this.nodeOf(tool), pointer })),
    ]
    const first = new Map<Node, Offer>()
    for (const offer of offers) if (!first.has(offer.node)) first.set(offer.node, offer)
    return {
      fact,
      offers: [...first.values()],
      made: fitting.some(({ tool, handsOn }) => tool.effect === 'create' && !handsOn),
    }
  }

  private keptOffers(node: Node, fact: string, target: Target): Offer[] {
    const { kept } = node
    if (!kept) return []
    const { marks } = kept.tool
    const reviewed = (this.index.sources.get(fact) ?? []).filter(({ tool }) => tool.id === kept.tool.id)
    if (reviewed.some(({ handsOn }) => handsOn)) return []
    return Object.entries(marks.output.facts)
      .filter(([pointer, given]) => {
        if (given !== fact) return false
        const sensitive = marks.output.sensitive.some((above) => pointer === above || pointer.startsWith(`${above}/`))
        const schema = reviewed.find((source) => source.pointer === pointer)?.schema
        if (kept.output === undefined) return fits(schema, sensitive, target)
        const value = getAt(kept.output, pointer)
        if (value === undefined) return false
        return isSealed(value)
          ? fits(schema, true, target)
          : fits(undefined, sensitive, target) && fitsValue(value, target.schema)
      })
      .map(([pointer]) => ({ node, pointer }))
  }

  private isUsable(tool: Tool): boolean {
    return tool.effect !== 'delete' && !this.problem.excluded.has(tool.id)
  }

  private nodeOf(tool: Tool): Node {
    const known = this.nodes.get(tool.id)
    if (known) return known
    const slots = this.slotsOf(tool)
    const needs = slots
      .filter(({ required }) => required)
      .flatMap(({ template }) => template.needs.filter(({ fallback }) => fallback === undefined))
    const node: Node = { key: tool.id, tool, slots, needs, weight: weights[tool.effect] }
    this.nodes.set(tool.id, node)
    return node
  }

  /** Where the goal wants what the tool establishes once for each item of a list: how. */
  fanOutOf({
    establishes,
  }: Pick<Tool, 'establishes'>): { fact: string; list: string; as: string; max: number } | undefined {
    const fact = establishes.find((one) => this.problem.goal.for_each?.[one] !== undefined)
    const fan = fact === undefined ? undefined : this.problem.goal.for_each?.[fact]
    return fact === undefined || !fan ? undefined : { fact, ...fan }
  }

  private slotsOf(tool: Tool): Slot[] {
    const fan = this.fanOutOf(tool)
    const givens = fan ? { ...this.givens, item: fan.as } : this.givens
    const properties = isJsonObject(tool.input.properties) ? tool.input.properties : {}
    const required = new Set(requiredFields(tool.input))
    const fields = [...new Set([...Object.keys(properties), ...required])].map((field) => {
      const fact = inputFact(tool, field)
      const sensitive = tool.marks.input.sensitive.includes(`/${field}`)
      const target: Target = { schema: properties[field], text: false, sensitive }
      return { field, fact, required: required.has(field), template: supply(fact, target, tool.id, givens) }
    })
    if (!fan) return fields
    const list: Target = { schema: { type: 'array' }, text: false, sensitive: true }
    return [
      ...fields,
      { field: listSlot, fact: fan.list, required: true, template: supply(fan.list, list, tool.id, givens) },
    ]
  }
}

/** The reference to what an offer gives; `ids` are the tasks' ids by node. */
export function referenceTo({ node, pointer }: Offer, ids: ReadonlyMap<Node, string>): Reference {
  const id = node.kept?.id ?? ids.get(node)
  if (id === undefined) throw new RangeError(`referenceTo: ${node.key} has no task id`)
  return { $ref: `${formatPointer(['tasks', id, 'output'])}${pointer}` }
}

function fits(schema: Json | undefined, sensitive: boolean, target: Target): boolean {
  if (sensitive && !target.sensitive) return false
  return target.text || fitsSchema(schema, target.schema)
}

/** What of a schema decides whether something fits, as text. */
function shapeOf(schema: Json | undefined): string | undefined {
  return JSON.stringify(schema, (key, value) => (prose.has(key) && typeof value !== 'object' ? undefined : value))
}
const prose = new Set(['description', 'title', 'pattern', 'format', 'minLength', 'maxLength', 'minimum', 'maximum'])
