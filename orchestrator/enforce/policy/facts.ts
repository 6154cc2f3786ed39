import type { JsonObject } from '../../../shared/json.ts'
import { matchPointers } from '../../../shared/json-pointer.ts'
import type { Origin, Provenance } from '../../model/call.ts'
import type { ToolContract } from '../../model/catalogue.ts'
import { redactSealed } from '../../model/seal.ts'
import type { Proposal } from './proposal.ts'

/** What a rule may ask about a call: each by name, with its type in CEL and what it holds. */
export const factTypes = {
  tool: ['string', 'full name, as in "slack.post_message"'],
  server: ['string', 'the capability server, as in "slack"'],
  effect: ['string', '"read", "create" or "update"'],
  scopes: ['list<string>', 'what the tool needs at its vendor, by the reviewed manifest'],
  arguments: ['map<string, dyn>', 'what it would be called with; sensitive values read "[sealed]"'],
  provenance: ['map<string, list<string>>', 'JSON pointer of each value in the arguments → where it came from'],
  origins: ['list<string>', 'every origin that occurs in provenance, once'],
  destinations: ['list<string>', 'JSON pointers of the arguments that say where data goes'],
  untrusted_destinations: ['list<string>', 'those of them that neither the input nor the goal gave'],
  tainted: ['bool', 'whether it was decided after untrusted data had reached the reasoner'],
  principal: ['string', 'on whose behalf the run acts'],
  tenant: ['string', 'whose data it may touch'],
  goal: ['string', 'name of the goal'],
  mode: ['string', '"emulated" or "live"'],
  cost_usd: ['dyn', 'the most that it may cost, or null where that is not known'],
} as const satisfies Record<string, readonly [type: string, holds: string]>

export type Facts = Record<keyof typeof factTypes, unknown> & { untrusted_destinations: string[] }

const trustedOrigins: readonly Origin[] = ['input', 'goal']

/** The facts of a proposal. */
export function factsOf(tool: ToolContract, proposal: Proposal): Facts {
  const { arguments: args, provenance, run } = proposal
  const destinations = tool.marks.input.destinations.flatMap((pattern) => matchPointers(args, pattern))
  return {
    tool: tool.id,
    server: tool.server,
    effect: tool.effect,
    scopes: proposal.scopes,
    arguments: redactSealed(args) as JsonObject,
    provenance,
    origins: [...new Set(Object.values(provenance).flat())].sort(),
    destinations,
    untrusted_destinations: destinations.filter((pointer) => isUntrusted(pointer, provenance)),
    tainted: proposal.tainted,
    principal: run.principal,
    tenant: run.tenant,
    goal: run.goal,
    mode: run.mode,
    cost_usd: proposal.cost_usd ?? null,
  }
}

/** True where a leaf at or below the pointer came from elsewhere, or from nobody knows where. */
function isUntrusted(pointer: string, provenance: Provenance): boolean {
  const origins = Object.entries(provenance)
    .filter(([leaf]) => leaf === pointer || leaf.startsWith(`${pointer}/`))
    .flatMap(([, from]) => from)
  return origins.length === 0 || origins.some((origin) => !trustedOrigins.includes(origin))
}
