import { Hono } from 'hono'
import { z } from 'zod'
import { describe } from '../http/describe.ts'
import type { HttpEnv, RouteModule } from '../http/http-env.ts'
import { ProblemError } from '../http/problem.ts'
import { checkSignature } from './signatures/check-signature.ts'
import { type Intake, takeDelivery } from './take-delivery.ts'
import type { Trigger, Webhook } from './trigger.ts'

/** A trigger that a sender outside delivers to. */
export type WebhookTrigger = Trigger & { on: { webhook: Webhook } }

export interface WebhookParts {
  triggers: readonly WebhookTrigger[]
  /** The secrets of a trigger, any of which may have signed. Throws where one is not to be had. */
  secretsOf(trigger: WebhookTrigger): Promise<readonly string[]>
  intake: Intake
  now(): Date
}

/** Bytes of a delivery; no sender that is known here makes larger ones. */
const mostBytes = 512 * 1024

const takenSchema = z
  .union([
    z.object({ run_id: z.string().describe('The run; the same for a delivery that comes again.') }),
    z.object({ ignored: z.literal(true) }).describe('Well signed, and not what the trigger is for.'),
    z.object({ challenge: z.string() }).describe('What Slack asks for when an address is set up.'),
  ])
  .meta({ id: 'DeliveryTaken' })

/** `POST /v1/triggers/:name`: a sender's signature is all that lets it in, and its retries make no second run. */
export function webhookRoutes({ triggers, secretsOf, intake, now }: WebhookParts): RouteModule {
  const routes = new Hono<HttpEnv>()
  routes.post(
    '/v1/triggers/:name',
    describe({
      summary: 'Deliver to a webhook',
      description: 'The signature of the source is the authentication. It is checked over the body byte for byte.',
      tag: 'Triggers',
      answers: {
        200: { description: 'Known already, or nothing to do.', schema: takenSchema },
        202: { description: 'The run is recorded.', schema: takenSchema },
      },
      problems: ['unauthorized', 'not_found', 'too_large', 'invalid_input', 'internal', 'unavailable', 'timed_out'],
      keyed: false,
    }),
    async (context) => {
      const { name } = context.req.param()
      const trigger = triggers.find((one) => one.trigger === name)
      if (!trigger) throw new ProblemError('not_found', 'There is no webhook of that name')
      const body = Buffer.from(await context.req.arrayBuffer())
      if (body.length > mostBytes) throw new ProblemError('too_large', `A delivery may have ${mostBytes} bytes at most`)
      const request = { header: (header: string) => context.req.header(header), body }
      const checking = { secrets: await secretsOf(trigger), now: now() }
      const checked = checkSignature(trigger.on.webhook, request, checking)
      if ('refused' in checked) throw new ProblemError('unauthorized', `The delivery is refused: ${checked.refused}`)
      if ('reply' in checked) return context.json(checked.reply)
      const taken = await takeDelivery(trigger, checked.delivery, intake)
      if ('refused' in taken) throw new ProblemError('invalid_input', taken.refused, { issues: taken.issues })
      if ('ignored' in taken) return context.json(taken)
      context.header('Location', `/v1/runs/${taken.run_id}`)
      return context.json({ run_id: taken.run_id }, taken.isFirst ? 202 : 200)
    },
  )
  return { access: 'open', routes }
}
