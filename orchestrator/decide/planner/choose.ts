import type { Outcome } from '../../model/goal.ts'
import { type Choice, costOf, type Derivation, derive, findsNothing, heldUp, type Progress } from './derive.ts'
import type { Group, Node, World } from './world.ts'

/** The nodes of a plan: who establishes each outcome, and what that takes. */
export interface Selection {
  establishes: ReadonlyMap<Outcome, Node>
  nodes: ReadonlySet<Node>
  /** Where one of several equally cheap suppliers was taken. */
  ties: ReadonlyMap<Group, Choice>
}

export type Chosen =
  | { ok: true; selection: Selection }
  /** What can be had, and the outcomes that cannot. */
  | { ok: false; derivation: Derivation; unreachable: Set<Outcome> }

/**
 * Chooses the nodes of the cheapest plan. What is chosen to have an effect is committed and the choice made again, until
 * nothing changes: then every need is met by what the plan itself creates, where it creates it. Where that leads nowhere,
 * values that are needed before they are created may come from elsewhere; and a committed node that stays out of reach is
 * barred, and the choice starts over without it.
 */
export function choose(world: World): Chosen {
  let nodes = world.relevant()
  let failure: Chosen | undefined
  const shared = new Set<Group>()
  for (;;) {
    const { chosen, committed } = settle(world, nodes, shared)
    if (chosen.ok) return { ok: true, selection: leanest(world, chosen.selection, shared) }
    failure ??= chosen
    const held = heldUp(world, nodes, chosen.derivation, { committed, shared })
    for (const group of held) shared.add(group)
    if (held.length > 0) continue
    const barred = new Set([...committed].filter((node) => !chosen.derivation.reached.has(node)))
    if (barred.size === 0) return failure
    nodes = nodes.filter((node) => !barred.has(node))
  }
}

function settle(
  world: World,
  nodes: readonly Node[],
  shared: ReadonlySet<Group>,
): { chosen: Chosen; committed: ReadonlySet<Node> } {
  const committed = new Set<Node>()
  const ties = new Map<Group, Choice>()
  for (;;) {
    const chosen = select(world, nodes, { committed, shared }, ties)
    if (!chosen.ok) return { chosen, committed }
    const before = committed.size
    for (const node of chosen.selection.nodes) if (node.tool.effect !== 'read' && !node.kept) committed.add(node)
    if (committed.size === before) return { chosen, committed }
  }
}

/** One round: derive, then take for each outcome the tool that adds least to what is taken already. */
function select(world: World, nodes: Iterable<Node>, progress: Progress, ties: Map<Group, Choice>): Chosen {
  const { committed } = progress
  const derivation = derive(world, nodes, progress)
  const establishes = new Map<Outcome, Node>()
  const selected = new Set<Node>()
  const unreachable = new Set<Outcome>()
  for (const { outcome } of world.unmet()) {
    const best = cheapest(world, outcome, derivation, new Set([...committed, ...selected]))
    if (!best) unreachable.add(outcome)
    else {
      establishes.set(outcome, best)
      for (const node of derivation.reached.get(best)?.uses ?? []) selected.add(node)
    }
  }
  if (unreachable.size > 0) return { ok: false, derivation, unreachable }
  for (const node of selected) {
    for (const need of node.needs) {
      const group = world.groupOf(need)
      const choice = derivation.choices.get(group)
      // A committed choice is the one of an earlier round, and so is what it was tied with.
      if (choice && !committed.has(choice.offer.node)) ties.set(group, choice)
    }
  }
  return { ok: true, selection: { establishes, nodes: selected, ties } }
}

function cheapest(world: World, outcome: Outcome, { reached }: Derivation, taken: ReadonlySet<Node>): Node | undefined {
  const establishers = world.establishers(outcome)
  const isMade = establishers.some(({ tool }) => tool.effect === 'create')
  let best: { node: Node; cost: number } | undefined
  for (const node of establishers) {
    const derived = reached.get(node)
    if (!derived || (isMade && findsNothing(derived))) continue
    const cost = costOf(derived.uses, taken)
    if (!best || cost < best.cost) best = { node, cost }
  }
  return best?.node
}

/**
 * Chooses again among what was chosen, as long as that takes less: nodes that were committed on the way and dropped later
 * no longer have a say in who supplies what.
 */
function leanest(world: World, selection: Selection, shared: ReadonlySet<Group>): Selection {
  const lean = withoutSpare(world, selection, shared)
  const { chosen } = settle(world, [...lean.nodes], shared)
  if (!chosen.ok || chosen.selection.nodes.size >= lean.nodes.size) return lean
  return leanest(world, { ...chosen.selection, ties: selection.ties }, shared)
}

/** Drops, the most dangerous first, every node without which the others still bring about all outcomes. */
function withoutSpare(world: World, selection: Selection, shared: ReadonlySet<Group>): Selection {
  let kept = selection
  for (const node of [...selection.nodes].sort((a, b) => b.weight - a.weight)) {
    if (node.kept || !mayBeSpare(world, node, kept)) continue
    const others = [...kept.nodes].filter((other) => other !== node)
    const committed = new Set(others.filter(({ tool, kept }) => tool.effect !== 'read' && !kept))
    const chosen = select(world, others, { committed, shared }, new Map(selection.ties))
    if (chosen.ok) kept = { ...chosen.selection, ties: selection.ties }
  }
  return kept
}

/** Cheap to ask: whether others of the selection offer all that this node is needed for. */
function mayBeSpare(world: World, node: Node, { establishes, nodes }: Selection): boolean {
  for (const [outcome, establisher] of establishes) {
    if (establisher === node && !world.establishers(outcome).some((other) => other !== node && nodes.has(other)))
      return false
  }
  for (const consumer of nodes) {
    for (const need of consumer.needs) {
      const { offers } = world.groupOf(need)
      const isOffered = offers.some((offer) => offer.node === node)
      if (isOffered && !offers.some((offer) => offer.node !== node && nodes.has(offer.node))) return false
    }
  }
  return true
}
