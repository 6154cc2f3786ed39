import { PriorityQueue } from './priority-queue.ts'
import type { Group, Node, Offer, World } from './world.ts'

/** A node that can be had, with the cheapest set of nodes that it takes, itself included. */
export interface Derived {
  node: Node
  uses: ReadonlySet<Node>
  cost: number
}

/** What meets a group of needs at the least cost, and what would have met it at the same. */
export interface Choice {
  offer: Offer
  cost: number
  ties: Offer[]
}

/** What can be had at all, and by what. */
export interface Derivation {
  reached: ReadonlyMap<Node, Derived>
  choices: ReadonlyMap<Group, Choice>
}

/** What the plan is known to hold while it is being chosen. */
export interface Progress {
  /** Nodes with an effect that the plan has: they cost nothing more, and what they create is supplied by nothing else. */
  committed: ReadonlySet<Node>
  /** Groups to which that does not apply, because what creates the value itself waits for it. */
  shared: ReadonlySet<Group>
}

/**
 * Finds out what can be had, cheapest first, in the manner of Knuth's generalization of Dijkstra: a node is reached once
 * something reached meets each of its needs, so every choice is founded on what comes before it and circles never count.
 * A read that is keyed by what the run creates finds only what the run creates, so it never supplies what other tools
 * would create.
 */
export function derive(world: World, nodes: Iterable<Node>, progress: Progress): Derivation {
  const missing = new Map<Node, number>()
  const waiting = new Map<Group, Node[]>()
  const offering = new Map<Node, { group: Group; offer: Offer }[]>()
  const reached = new Map<Node, Derived>()
  const choices = new Map<Group, Choice>()
  const queue = new PriorityQueue<Derived>(
    (a, b) =>
      a.cost < b.cost ||
      (a.cost === b.cost && (a.uses.size < b.uses.size || (a.uses.size === b.uses.size && a.node.key < b.node.key))),
  )

  const enqueue = (node: Node): void => {
    const uses = new Set([node])
    for (const need of node.needs) {
      const choice = choices.get(world.groupOf(need))
      for (const used of (choice && reached.get(choice.offer.node)?.uses) ?? []) uses.add(used)
    }
    queue.push({ node, uses, cost: costOf(uses, progress.committed) })
  }

  for (const node of nodes) {
    missing.set(node, node.needs.length)
    for (const need of node.needs) {
      const group = world.groupOf(need)
      const consumers = waiting.get(group)
      if (consumers) {
        consumers.push(node)
        continue
      }
      waiting.set(group, [node])
      for (const offer of suppliers(group, progress)) {
        const offers = offering.get(offer.node)
        if (offers) offers.push({ group, offer })
        else offering.set(offer.node, [{ group, offer }])
      }
    }
  }
  for (const [node, count] of missing) if (count === 0) enqueue(node)

  for (let next = queue.pop(); next; next = queue.pop()) {
    reached.set(next.node, next)
    for (const { group, offer } of offering.get(next.node) ?? []) {
      if (group.made && findsNothing(next)) continue
      const choice = choices.get(group)
      if (choice) {
        if (choice.cost === next.cost) choice.ties.push(offer)
        continue
      }
      choices.set(group, { offer, cost: next.cost, ties: [] })
      for (const consumer of waiting.get(group) ?? []) {
        const left = (missing.get(consumer) ?? 0) - 1
        missing.set(consumer, left)
        if (left === 0) enqueue(consumer)
      }
    }
  }
  return { reached, choices }
}

/** Who supplies a group: what the plan creates or has done already, else anything that offers it. */
function suppliers(group: Group, { committed, shared }: Progress): readonly Offer[] {
  const created = shared.has(group) ? [] : creatorsIn(group, committed)
  return created.length > 0 ? created : group.offers
}

function creatorsIn({ offers }: Group, committed: ReadonlySet<Node>): Offer[] {
  return offers.filter(({ node }) => (node.kept || committed.has(node)) && node.tool.effect !== 'read')
}

/** The groups that others could supply, while none of the plan's own creators of the value could be reached. */
export function heldUp(
  world: World,
  nodes: Iterable<Node>,
  { reached }: Derivation,
  { committed, shared }: Progress,
): Group[] {
  const groups = new Set([...nodes].flatMap((node) => node.needs.map((need) => world.groupOf(need))))
  return [...groups].filter((group) => {
    const created = creatorsIn(group, committed)
    const isHeld = created.length > 0 && !created.some(({ node }) => reached.has(node))
    return isHeld && created.length < group.offers.length && !shared.has(group)
  })
}

/** True for a read that is keyed by something this run creates: there it finds nothing that the run did not make. */
export function findsNothing({ node, uses }: Derived): boolean {
  return node.tool.effect === 'read' && !node.kept && [...uses].some(({ tool }) => tool.effect === 'create')
}

/** What a set of nodes adds to the plan. */
export function costOf(nodes: Iterable<Node>, committed: ReadonlySet<Node>): number {
  let cost = 0
  for (const node of nodes) if (!committed.has(node)) cost += node.weight
  return cost
}
