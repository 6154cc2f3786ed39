import { digest, type JsonObject } from '../../shared/json.ts'
import { matchPointers } from '../../shared/json-pointer.ts'
import type { Effect } from '../../shared/manifest.ts'
import type { CallPurpose, Origin, Provenance, Verdict } from '../model/call.ts'
import type { ToolContract } from '../model/catalogue.ts'

/** The default policy: each rule by name, in the words that people read. */
export const policyRules = {
  'unknown-tools-never': 'A tool that is not in the reviewed manifest is never called.',
  'lookups-only-read': 'A lookup finds out what happened; it changes nothing.',
  'deletes-only-as-compensation': 'A delete is made only to undo what a call of the same run made.',
  'held-by-configuration': 'The operator wants to approve each call of this tool.',
  'tainted-destination-held':
    'After a decision that saw untrusted output, data goes only where the input or the goal said; anything else waits for approval.',
  'reads-allowed': 'Reads are allowed.',
  'creates-and-updates-by-reviewed-servers': 'Creates and updates are allowed, since the servers were reviewed.',
} as const

export type PolicyRule = keyof typeof policyRules

/** What an operator may add to the default policy. */
export interface PolicySettings {
  /** Tools, by full name, each call of which waits for an approval. */
  hold: readonly string[]
  /** What becomes of a run whose call asked the network for what its tool does not declare: it is recorded, unless it says `stop`. */
  on_denied_egress?: 'record' | 'stop'
}

/** Pins the policy under which a run was created. */
export function policyDigest({ hold, on_denied_egress = 'record' }: PolicySettings): string {
  return digest({
    rules: policyRules,
    hold: [...hold].sort(),
    ...(on_denied_egress === 'record' ? {} : { on_denied_egress }),
  })
}

/** One call about to be made. */
export interface Proposal {
  /** Undefined where the reviewed manifest does not know the tool. */
  tool: ToolContract | undefined
  arguments: JsonObject
  provenance: Provenance
  purpose: CallPurpose
  /** The decision behind it was made after untrusted output had entered the reasoner. */
  tainted: boolean
  /** The task that the call is for. */
  task: { id: string; tool: string }
  /** Of a compensation: the effect of the tool whose call it takes back. */
  undoes?: Effect | undefined
  settings: PolicySettings
}

const trustedOrigins: readonly Origin[] = ['input', 'goal']

/** Policy's answer on one call, and the rule that gave it. */
export function judge(proposal: Proposal): Verdict {
  const { tool, purpose, task } = proposal
  if (!tool) return verdict('deny', 'unknown-tools-never', `${task.tool} is not in the reviewed manifest`)
  if (purpose === 'lookup' && tool.effect !== 'read') {
    return verdict(
      'deny',
      'lookups-only-read',
      `${tool.id} is a ${tool.effect}, so it cannot look up what ${task.id} did`,
    )
  }
  if (purpose === 'compensation') {
    if (tool.effect === 'delete' && proposal.undoes !== 'create') {
      return verdict('deny', 'deletes-only-as-compensation', `${tool.id} is a delete, and ${task.id} created nothing`)
    }
    return verdict('allow', 'deletes-only-as-compensation', `${tool.id} undoes what ${task.id} did in this run`)
  }
  if (tool.effect === 'delete') {
    return verdict('deny', 'deletes-only-as-compensation', `${tool.id} is a delete, and ${task.id} undoes nothing`)
  }
  if (proposal.settings.hold.includes(tool.id)) {
    return verdict('hold', 'held-by-configuration', `the configuration holds ${tool.id} for approval`)
  }
  const [destination] = proposal.tainted ? untrustedDestinations(tool, proposal) : []
  if (destination !== undefined) {
    return verdict(
      'hold',
      'tainted-destination-held',
      `${task.id} would send data to ${destination} of ${tool.id}, which neither the input nor the goal gave`,
    )
  }
  return tool.effect === 'read'
    ? verdict('allow', 'reads-allowed', `${tool.id} only reads`)
    : verdict('allow', 'creates-and-updates-by-reviewed-servers', `${tool.server} was reviewed`)
}

/** Pointers of the destinations with a leaf that came from elsewhere, or from nobody knows where. */
function untrustedDestinations(tool: ToolContract, { arguments: args, provenance }: Proposal): string[] {
  return tool.marks.input.destinations
    .flatMap((pattern) => matchPointers(args, pattern))
    .filter((pointer) => {
      const leaves = Object.entries(provenance).filter(([leaf]) => leaf === pointer || leaf.startsWith(`${pointer}/`))
      const origins = leaves.flatMap(([, from]) => from)
      return origins.length === 0 || origins.some((origin) => !trustedOrigins.includes(origin))
    })
}

function verdict(answer: Verdict['verdict'], rule: PolicyRule, reason: string): Verdict {
  return { verdict: answer, rule, reason }
}
