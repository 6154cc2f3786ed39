import { z } from 'zod'
import type { Issue } from '../../shared/failure.ts'
import { formatPointer } from '../../shared/json-pointer.ts'
import {
  boundCall,
  effects,
  factName,
  failureRule,
  idempotencySchema,
  marks,
  plainName,
  type ServerManifest,
  type ToolManifest,
} from '../../shared/manifest.ts'
import { didYouMean } from '../../shared/nearest-name.ts'
import { overlayIssues } from './overlay-issues.ts'

/** What a person says of a stranger's tool, which says nothing of it itself. What is left out stays as it was proposed. */
const toolOverlaySchema = z.strictObject({
  title: z.string().min(1).exactOptional(),
  effect: z.enum(effects).exactOptional(),
  idempotency: idempotencySchema.exactOptional(),
  scopes: z.array(z.string()).exactOptional(),
  expect: z.string().min(1).exactOptional(),
  establishes: z.array(factName).exactOptional(),
  /** Facts, sensitive leaves and destinations of its arguments, by JSON pointer. */
  input: marks.exactOptional(),
  /** The same of what it returns. */
  output: marks.exactOptional(),
  compensation: boundCall.exactOptional(),
  lookup: boundCall.exactOptional(),
  timeout_ms: z.int().min(1).exactOptional(),
  failures: z.array(failureRule).exactOptional(),
})
type ToolOverlay = z.output<typeof toolOverlaySchema>

/** What a person says of a stranger's server: facts, effects, `expect`, compensation and lookup, by the names of its tools. */
export const overlaySchema = z.strictObject({
  title: z.string().min(1).exactOptional(),
  description: z.string().exactOptional(),
  concurrency: z.int().min(1).exactOptional(),
  tools: z.record(plainName, toolOverlaySchema).default({}),
})
export type Overlay = z.output<typeof overlaySchema>

/** A manifest as its overlay makes it, or all that does not fit, by its path in the overlay. */
export type Overlaid = { ok: true; manifest: ServerManifest } | { ok: false; issues: Issue[] }

export function withOverlay(manifest: ServerManifest, { tools, ...said }: Overlay): Overlaid {
  const names = manifest.tools.map(({ name }) => name)
  const unknown = Object.keys(tools).flatMap((name) =>
    names.includes(name)
      ? []
      : [
          {
            path: formatPointer(['tools', name]),
            message: `${manifest.name} has no tool ${name}${didYouMean(name, names)}`,
          },
        ],
  )
  const overlaid: ServerManifest = {
    ...manifest,
    ...said,
    tools: manifest.tools.map((tool) => asSaid(tool, tools[tool.name])),
  }
  const issues = [
    ...unknown,
    ...overlaid.tools.flatMap((tool) => (tools[tool.name] ? overlayIssues(overlaid, tool) : [])),
  ]
  return issues.length > 0 ? { ok: false, issues } : { ok: true, manifest: overlaid }
}

function asSaid(tool: ToolManifest, overlay: ToolOverlay | undefined): ToolManifest {
  if (!overlay) return tool
  const { input, output, ...said } = overlay
  return { ...tool, ...said, marks: { input: input ?? tool.marks.input, output: output ?? tool.marks.output } }
}
