import { Hono } from 'hono'
import { z } from 'zod'
import type { OpenApproval } from '../../model/listed.ts'
import { redactSealed } from '../../model/seal.ts'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import type { HttpContext, HttpEnv, RouteModule } from '../http-env.ts'
import { ProblemError } from '../problem.ts'
import { acceptedSchema } from '../run-schemas.ts'
import type { Service } from '../service.ts'
import { body, params, readableJson } from '../validate.ts'

const tag = 'Approvals'

const approvalListSchema = z
  .object({
    approvals: z.array(
      z.object({
        approval_id: z.string(),
        run_id: z.string(),
        task_id: z.string(),
        tool: z.string(),
        arguments: z.record(z.string(), z.unknown()).describe('Exactly what would be called; sealed values hidden.'),
        rule: z.string(),
        four_eyes: z.boolean().describe('True where whoever the run acts for may not decide.'),
        question: z.string(),
        until: z.string().describe('Without a decision by then it counts as denied.'),
      }),
    ),
  })
  .meta({ id: 'ApprovalList' })

const approvalParams = z.object({ id: z.string().min(1).max(100) })

const decisionSchema = z
  .strictObject({ why: z.string().min(1).max(10_000).optional() })
  .meta({ id: 'ApprovalDecision' })

/** What waits for somebody's yes or no. */
export function approvalRoutes(service: Service): RouteModule {
  const routes = new Hono<HttpEnv>()

  routes.get(
    '/v1/approvals',
    describe({
      summary: 'List the calls that wait for an approval, the oldest first',
      tag,
      answers: { 200: { description: 'What is open.', schema: approvalListSchema } },
    }),
    allow('runs:read'),
    async (context) => {
      const { tenant } = context.get('caller')
      const open = await service.openApprovals(tenant)
      const approvals = await Promise.all(open.map((approval) => exactly(service, tenant, approval)))
      return context.json({ approvals: approvals.filter((one) => one !== undefined) })
    },
  )

  for (const choice of ['approve', 'deny'] as const) {
    routes.post(
      `/v1/approvals/:id/${choice}`,
      describe({
        summary: choice === 'approve' ? 'Let a held call happen, once' : 'Refuse a held call',
        tag,
        answers: { 202: { description: 'The decision is recorded, and the run goes on.', schema: acceptedSchema } },
        problems: ['malformed', 'not_found', 'conflict', 'too_large', 'unsupported_media_type', 'invalid_input'],
      }),
      allow('approvals:decide'),
      params(approvalParams),
      readableJson,
      body(decisionSchema),
      async (context) => {
        const { why } = context.req.valid('json')
        return decide(context, service, context.req.valid('param').id, choice, why)
      },
    )
  }

  return { access: 'key', routes }
}

async function decide(
  context: HttpContext,
  service: Service,
  approvalId: string,
  choice: 'approve' | 'deny',
  why: string | undefined,
): Promise<Response> {
  const caller = context.get('caller')
  const open = await service.openApprovals(caller.tenant)
  const approval = open.find(({ approval_id }) => approval_id === approvalId)
  if (!approval) throw new ProblemError('not_found', 'There is no open approval of that id')
  const { run_id } = approval
  await service.decideApproval(caller, approval, choice, why)
  return context.json({ run_id }, 202)
}

/** What exactly would be called; undefined where somebody decided meanwhile. */
async function exactly(service: Service, tenant: string, { run_id, approval_id, ...asked }: OpenApproval) {
  const { approval } = (await service.situation(tenant, run_id)).waits.get(approval_id) ?? {}
  if (!approval) return undefined
  const { task_id, question, until } = asked
  return {
    approval_id,
    run_id,
    task_id,
    tool: approval.tool,
    arguments: redactSealed(approval.arguments),
    rule: approval.verdict.rule,
    four_eyes: approval.verdict.four_eyes ?? false,
    question,
    until,
  }
}
