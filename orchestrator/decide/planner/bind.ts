import type { Need } from './template.ts'
import type { Node, Offer, World } from './world.ts'

/** A need that several nodes of a plan meet equally well, or none without a circle. */
export interface Unbound {
  node: Node
  need: Need
  candidates: readonly Offer[]
}

/** Which offer meets which need, and so which node comes after which. */
export class Bindings {
  readonly offers = new Map<Need, Offer>()
  private readonly sources = new Map<Node, Set<Node>>()

  bind(node: Node, need: Need, offer: Offer): void {
    this.offers.set(need, offer)
    const sources = this.sources.get(node)
    if (sources) sources.add(offer.node)
    else this.sources.set(node, new Set([offer.node]))
  }

  /** The nodes that a node takes values from. */
  sourcesOf(node: Node): ReadonlySet<Node> {
    return this.sources.get(node) ?? new Set()
  }

  /** How many steps back from a node each of its ancestors is; the node itself is 0. */
  distances(node: Node): Map<Node, number> {
    const found = new Map([[node, 0]])
    for (const [at, distance] of found) {
      for (const source of this.sourcesOf(at)) if (!found.has(source)) found.set(source, distance + 1)
    }
    return found
  }
}

/**
 * Binds every need of the nodes to one of them: first where there is no choice, then to the nearest ancestor. What creates
 * a value goes before what reads it, and nothing is bound to what comes after it. Returns what stays open.
 */
export function bindNeeds(world: World, nodes: ReadonlySet<Node>, bindings: Bindings): Unbound[] {
  let open = [...nodes].flatMap((node) => node.needs.map((need) => ({ node, need })))
  for (;;) {
    const unbound: Unbound[] = []
    for (const { node, need } of open) {
      const candidates = candidatesFor(world, node, need, nodes, bindings)
      const [only, ...others] = candidates
      if (only && others.length === 0) bindings.bind(node, need, only)
      else unbound.push({ node, need, candidates })
    }
    if (unbound.length === 0) return []
    if (unbound.length === open.length) {
      const bound = unbound.find(({ node, need, candidates }) => bindNearest(node, need, candidates, bindings))
      if (!bound) return unbound
      open = unbound.filter((other) => other !== bound)
    } else open = unbound
  }
}

/** Binds what may stay open (optional fields, texts with a fallback) if the plan happens to give it. */
export function bindIfGiven(
  world: World,
  node: Node,
  needs: readonly Need[],
  nodes: ReadonlySet<Node>,
  bindings: Bindings,
): void {
  for (const need of needs) {
    if (bindings.offers.has(need)) continue
    const candidates = candidatesFor(world, node, need, nodes, bindings)
    const [only, ...others] = candidates
    if (only && others.length === 0) bindings.bind(node, need, only)
    else bindNearest(node, need, candidates, bindings)
  }
}

function bindNearest(node: Node, need: Need, candidates: readonly Offer[], bindings: Bindings): boolean {
  const distances = bindings.distances(node)
  const ancestors = candidates
    .map((offer) => ({ offer, distance: distances.get(offer.node) ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => a.distance - b.distance)
  const [nearest, next] = ancestors
  if (!nearest || nearest.distance === next?.distance) return false
  bindings.bind(node, need, nearest.offer)
  return true
}

function candidatesFor(world: World, node: Node, need: Need, nodes: ReadonlySet<Node>, bindings: Bindings): Offer[] {
  const offered = world.groupOf(need).offers.filter((offer) => offer.node.kept || nodes.has(offer.node))
  const candidates = offered.filter((offer) => offer.node !== node && !bindings.distances(offer.node).has(node))
  const created = candidates.filter((offer) => offer.node.tool.effect !== 'read')
  return created.length > 0 ? created : candidates
}
