import type { Issue } from '../../../shared/failure.ts'
import { formatPointer } from '../../../shared/json-pointer.ts'
import type { Bindings, Unbound } from './bind.ts'
import type { Selection } from './choose.ts'
import type { Need } from './template.ts'
import type { Node, World } from './world.ts'

/**
 * Needs that are met by a tool for which another would have done as well: the two may give different values, so the goal
 * has to say which. A tool that the plan needs for anything else as well is no tie: it is there anyway.
 */
export function tiedSuppliers(
  world: World,
  { establishes, ties }: Selection,
  nodes: readonly Node[],
  bindings: Bindings,
): Unbound[] {
  const inPlan = new Set(nodes)
  const outcomes = new Set(establishes.values())
  return nodes.flatMap((supplier) => {
    if (outcomes.has(supplier)) return []
    const uses = nodes.flatMap((node) =>
      node.needs.filter((need) => bindings.offers.get(need)?.node === supplier).map((need) => ({ node, need })),
    )
    const rivals = uses.map(({ need }) => {
      const choice = ties.get(world.groupOf(need))
      return choice?.offer.node === supplier ? choice.ties.filter(({ node }) => !inPlan.has(node) && !node.kept) : []
    })
    const shared = rivals[0]?.filter(({ node }) =>
      rivals.every((others) => others.some((other) => other.node === node)),
    )
    const [use] = uses
    const chosen = use && bindings.offers.get(use.need)
    if (!use || !chosen || !shared || shared.length === 0) return []
    return [{ ...use, candidates: [chosen, ...shared] }]
  })
}

export function explainAmbiguity({ node, need, candidates }: Unbound): Issue {
  const tools = [...new Set(candidates.map(({ node }) => node.tool.id))].sort()
  const named = candidates
    .map(({ node }) => (node.kept ? `${node.tool.id} (task ${node.kept.id})` : node.tool.id))
    .sort()
  return {
    path: pathOf(node, need),
    message:
      `${need.fact} could come from ${named.join(' or ')}, and none is nearer than the other; ` +
      `say in the goal which it is: "bind: {${need.fact}: ${tools[0]}}"`,
  }
}

/** `/tools/<tool>/<field>` of the field that a need belongs to. */
export function pathOf({ tool, slots }: Node, need: Need): string {
  const slot = slots.find(({ template }) => template.needs.includes(need))
  return formatPointer(['tools', tool.id, ...(slot ? [slot.field] : [])])
}
