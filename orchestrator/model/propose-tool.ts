import type { FingerprintedTool, ToolManifest } from '../../shared/manifest.ts'
import { fingerprint } from '../../shared/manifest.ts'

/** A tool as a stranger's server tells it. */
export interface ToldTool extends FingerprintedTool {
  title?: string | undefined
}

const longestName = 64

/**
 * What Remit takes a stranger's tool for until a person knows better. Annotations are the server's own word: where they are
 * silent the worst is taken, as the protocol says, a delete that happens twice.
 */
export function proposeTool(told: ToldTool, name: string): ToolManifest {
  const { annotations = {} } = told
  const effect = effectOf(annotations)
  const { title = annotations.title } = told
  return {
    name,
    title: typeof title === 'string' && title !== '' ? title : told.name,
    description: told.description ?? '',
    input: told.inputSchema,
    ...(told.outputSchema && { output: told.outputSchema }),
    annotations: Object.fromEntries(
      Object.entries(annotations).filter((entry): entry is [string, string | boolean] =>
        ['string', 'boolean'].includes(typeof entry[1]),
      ),
    ),
    effect,
    idempotency: effect === 'read' || annotations.idempotentHint === true ? 'natural' : 'none',
    scopes: [],
    egress: [],
    establishes: [],
    marks: { input: noMarks(), output: noMarks() },
    timeout_ms: 30_000,
    fingerprint: fingerprint(told),
    ...(name !== told.name && { wire_name: told.name }),
  }
}

function effectOf(annotations: Record<string, unknown>): ToolManifest['effect'] {
  if (annotations.readOnlyHint === true) return 'read'
  return annotations.destructiveHint === false ? 'create' : 'delete'
}

function noMarks() {
  return { facts: {}, sensitive: [], destinations: [] }
}

/** A name of ours for each name of a stranger's, in order: `getUser` and `get-user` become `get_user` and `get_user_2`. */
export function plainNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    const plain = plainNameOf(name, 'tool')
    let unique = plain
    for (let count = 2; taken.has(unique); count++) unique = `${plain.slice(0, longestName - 3)}_${count}`
    taken.add(unique)
    return unique
  })
}

/** A text as a name of ours; `otherwise` where nothing of it can be in one. */
export function plainNameOf(text: string, otherwise: string): string {
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  const named = /^[a-z]/.test(words) ? words : `${otherwise}_${words}`.replace(/_$/, '')
  return named.slice(0, longestName).replace(/_+$/, '')
}
