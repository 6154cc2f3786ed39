import { Hono } from 'hono'
import { z } from 'zod'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import { findRun } from '../find-run.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import { ProblemError } from '../problem.ts'
import { runParams } from '../run-schemas.ts'
import type { Service } from '../service.ts'
import { params } from '../validate.ts'

const verificationSchema = z
  .object({
    run_id: z.string(),
    ok: z.boolean().describe('False where something of the run is not as it was written.'),
    events: z.int(),
    signed_heads: z.int().describe('How many signatures were compared: up to the last, an alteration would be found.'),
    problems: z.array(z.object({ seq: z.int().describe('The place of the event; 0: a signature.'), what: z.string() })),
  })
  .meta({ id: 'Verification' })

/** Characters of an export, which is put together before it is sent: who takes it slowly holds up nobody. */
const mostCharacters = 32 * 1024 * 1024

/** What proves that a run's record is what was written. */
export function proofRoutes(service: Service): RouteModule {
  const routes = new Hono<HttpEnv>()

  routes.get(
    '/v1/runs/:id/verification',
    describe({
      summary: 'Check that the record of a run was not altered',
      tag: 'Runs',
      answers: { 200: { description: 'What was found.', schema: verificationSchema } },
      problems: ['not_found', 'invalid_input'],
    }),
    allow('runs:read'),
    params(runParams),
    async (context) => {
      const { tenant } = context.get('caller')
      const { run_id } = await findRun(service, tenant, context.req.valid('param').id)
      const { events, signed_heads, problems } = await service.verify(run_id)
      return context.json({
        run_id,
        ok: problems.length === 0,
        events,
        signed_heads,
        problems: problems.map(({ seq, what }) => ({ seq, what })),
      })
    },
  )

  routes.get(
    '/v1/runs/:id/export',
    describe({
      summary: 'Get a run as a document that proves itself',
      description:
        'JSON lines: the events, and the signed heads that cover them. `remit verify --file` checks it anywhere, without the record. Sealed values stay sealed.',
      tag: 'Runs',
      answers: {
        200: { description: 'The document.', schema: z.string(), media: 'application/x-ndjson' },
      },
      problems: ['not_found', 'too_large', 'invalid_input'],
    }),
    allow('runs:read'),
    params(runParams),
    async (context) => {
      const { tenant } = context.get('caller')
      const { run_id } = await findRun(service, tenant, context.req.valid('param').id)
      return context.body(await whole(service.exportRun(run_id)), 200, {
        'Content-Type': 'application/x-ndjson',
        'Content-Disposition': `attachment; filename="${run_id}.jsonl"`,
      })
    },
  )

  return { access: 'key', routes }
}

async function whole(lines: AsyncIterable<string>): Promise<string> {
  const taken: string[] = []
  let characters = 0
  for await (const line of lines) {
    taken.push(line)
    characters += line.length
    if (characters > mostCharacters)
      throw new ProblemError('too_large', 'The run is too large to be exported here: remit export writes it to a file')
  }
  return taken.join('')
}
