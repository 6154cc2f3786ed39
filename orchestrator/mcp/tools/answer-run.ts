import { z } from 'zod'
import { CapabilityError } from '../../../shared/failure.ts'
import { defineRemitTool } from '../remit-tool.ts'

export const answerRun = defineRemitTool({
  name: 'answer_run',
  title: 'Answer run',
  description:
    'Answer what a run asks, with one of its choices; get_run shows them. With approval_id it decides an approval: approve or deny.',
  scope: ({ approval_id }) => (approval_id === undefined ? 'runs:write' : 'approvals:decide'),
  input: z.strictObject({
    run_id: z.uuid(),
    choice: z.string(),
    approval_id: z.uuid().optional(),
    why: z.string().max(1_000).optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run({ run_id, choice, approval_id, why }, { backend, caller }) {
    if (approval_id === undefined) {
      await backend.answer(caller, run_id, choice, why)
      return { output: { run_id, answered: choice } }
    }
    if (choice !== 'approve' && choice !== 'deny')
      throw new CapabilityError('invalid_input', 'An approval is decided by approve or deny', {
        issues: [{ path: '/choice', message: 'must be approve or deny' }],
      })
    await backend.decideApproval(caller, { run_id, approval_id }, choice, why)
    return { output: { run_id, approval_id, answered: choice } }
  },
})
