import { inputRequired, inputResponse } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { metaKeys } from '../../../shared/capability/call-meta.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { isJsonObject } from '../../../shared/json.ts'
import type { CallAnswer } from '../../run/call-answer.ts'
import { defineRemitTool, type ToolContext, type ToolResult } from '../remit-tool.ts'
import { formOf, mayApprove } from '../run-task.ts'

const rememberedSchema = z.object({ run_id: z.uuid(), approval_id: z.uuid() })
const decisionSchema = z.object({ choice: z.enum(['approve', 'deny']), why: z.string().max(1_000).optional() })

export const callTool = defineRemitTool({
  name: 'call_tool',
  title: 'Call tool',
  description:
    'Call one tool of one capability, under policy, budget, approval and record. A call that needs approval does nothing before it is given.',
  scope: 'tools:call',
  input: z.strictObject({
    tool: z.string().describe('Full name, e.g. billing.create_customer; find_tools lists them'),
    arguments: z.record(z.string(), z.json()).default({}),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run({ tool, arguments: args }, context) {
    const { backend, caller, signal, remembered } = context
    const onProgress = ({ done, total, message = tool }: { done: number; total?: number; message?: string }) =>
      context.progress(done, total, message)
    if (remembered !== undefined) return afterQuestion(rememberedSchema.parse(remembered), tool, context)
    const answer = await backend.callTool(caller, { tool, arguments: args as JsonObject, signal, onProgress })
    return question(answer, context)
  },
})

/** Puts a held call to the client's user, where the caller may decide it and the client can ask; a plain answer otherwise. */
async function question(answer: CallAnswer, context: ToolContext): Promise<ToolResult> {
  const { run_id, approval_id } = answer
  if (run_id === undefined || approval_id === undefined) return resultOf(answer)
  const situation = await context.backend.situation(context.caller, run_id)
  const wait = situation.waits.get(approval_id)
  if (!wait || !context.client.elicits || !mayApprove(wait, context.caller, situation)) return resultOf(answer)
  return {
    asks: inputRequired({
      inputRequests: { approval: formOf(wait) },
      requestState: await context.remember({ run_id, approval_id }),
    }),
  }
}

/** A person decides once: who declines the question, or closes it, has not decided, and is not asked again. */
async function afterQuestion(
  { run_id, approval_id }: z.infer<typeof rememberedSchema>,
  tool: string,
  { backend, caller, signal, responses, progress }: ToolContext,
): Promise<ToolResult> {
  const response = inputResponse(responses, 'approval')
  const decision =
    response.kind === 'elicit' && response.action === 'accept' ? decisionSchema.safeParse(response.content) : undefined
  const situation = await backend.situation(caller, run_id)
  const wait = situation.waits.get(approval_id)
  if (decision?.success && wait && mayApprove(wait, caller, situation))
    await backend.decideApproval(caller, { run_id, approval_id }, decision.data.choice, decision.data.why)
  else if (wait) {
    const message = `${tool} waits for an approval that was not decided`
    return resultOf({
      run_id,
      approval_id,
      outcome: { status: 'failed', failure: { kind: 'approval_required', message } },
    })
  }
  return resultOf(
    await backend.resumeCall(caller, run_id, {
      signal,
      onProgress: ({ done, total, message = tool }) => progress(done, total, message),
    }),
  )
}

function resultOf({ outcome, ...ids }: CallAnswer): ToolResult {
  if (outcome.status === 'succeeded')
    return { output: { ...ids, output: isJsonObject(outcome.output) ? outcome.output : { value: outcome.output } } }
  const { failure } = outcome
  const lines = [
    outcome.status === 'uncertain' ? `${failure.message} Whether it took effect is not known.` : failure.message,
    ...(failure.issues ?? []).map(({ path, message }) => `${path || '/'}: ${message}`),
    ...(ids.approval_id === undefined
      ? []
      : [
          `It is not done. Somebody with the right to decide approvals can decide ${ids.approval_id}: by answer_run, or by remit approve ${ids.approval_id}. Ask for the run ${ids.run_id} afterwards.`,
        ]),
  ]
  return {
    failed: {
      isError: true,
      content: [{ type: 'text', text: lines.join('\n') }],
      structuredContent: { ...ids, status: outcome.status, failure: failure as unknown as JsonObject },
      _meta: { [metaKeys.outcome]: { status: outcome.status, failure } },
    },
  }
}
