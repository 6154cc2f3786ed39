import { z } from 'zod'
import { digest } from '../../shared/json.ts'
import { type FingerprintedTool, fingerprint, type ToolManifest, toolManifestSchema } from '../../shared/manifest.ts'
import type { Catalogue, Tool } from './catalogue.ts'

/** What of a tool a running server can change. */
const shown = toolManifestSchema.pick({ description: true, input: true, output: true, annotations: true })

/** A tool as a running server told it, accepted by a person in the place of what the manifest says. */
export const pinSchema = z.strictObject({
  server: z.string(),
  tool: z.string(),
  /** The manifest's fingerprint that it stands in for: once the manifest says something else, it counts no more. */
  over: z.string(),
  fingerprint: z.string(),
  ...shown.shape,
  by: z.string(),
  /** RFC 3339. */
  at: z.string(),
})
export type Pin = z.infer<typeof pinSchema>

/** The catalogue in which accepted tools are as they were accepted; all else of them stays as it was reviewed. */
export function withPins(catalogue: Catalogue, pins: readonly Pin[]): Catalogue {
  const standing = pins.filter((pin) => stands(pin, catalogue))
  if (standing.length === 0) return catalogue
  const pinOfTool = (server: string, tool: string) =>
    standing.findLast((pin) => pin.server === server && pin.tool === tool)
  return {
    ...catalogue,
    digest: digest([catalogue.digest, standing.map(({ server, tool, fingerprint }) => [server, tool, fingerprint])]),
    servers: new Map(
      [...catalogue.servers].map(([name, server]) => {
        const tools = server.tools.map((tool) => asAccepted(tool, pinOfTool(name, tool.name)))
        return [name, { ...server, tools }]
      }),
    ),
    tools: new Map(
      [...catalogue.tools].map(([id, tool]): [string, Tool] => {
        const pin = pinOfTool(tool.server, tool.name)
        const pinned = pin && { over: pin.over, by: pin.by, at: pin.at }
        return [id, { ...asAccepted(tool, pin), ...(pinned && { pinned }) }]
      }),
    ),
  }
}

function asAccepted<Reviewed extends ToolManifest>(reviewed: Reviewed, pin: Pin | undefined): Reviewed {
  if (!pin) return reviewed
  const { description, input, output, annotations, fingerprint } = pin
  const accepted = { ...reviewed, description, input, annotations, fingerprint }
  if (output) accepted.output = output
  else delete accepted.output
  return accepted
}

/** True where the pin is for what the manifest says now. */
export function stands({ server, tool, over }: Pin, { tools }: Catalogue): boolean {
  return tools.get(`${server}.${tool}`)?.fingerprint === over
}

/** What a person accepts with a live tool; undefined where its definition is none that could be accepted. */
export function pinOf(
  reviewed: Pick<Tool, 'server' | 'name' | 'fingerprint' | 'pinned'>,
  live: FingerprintedTool,
  { by, at }: Pick<Pin, 'by' | 'at'>,
): Pin | undefined {
  const parsed = pinSchema.safeParse({
    server: reviewed.server,
    tool: reviewed.name,
    over: reviewed.pinned?.over ?? reviewed.fingerprint,
    fingerprint: fingerprint(live),
    description: live.description ?? '',
    input: live.inputSchema,
    ...(live.outputSchema && { output: live.outputSchema }),
    annotations: live.annotations ?? {},
    by,
    at,
  })
  return parsed.success ? parsed.data : undefined
}
