import { z } from 'zod'
import { defineRemitTool } from '../remit-tool.ts'

export const cancelRun = defineRemitTool({
  name: 'cancel_run',
  title: 'Cancel run',
  description: 'End a run and undo what it did. Returns at once; the undo goes on.',
  scope: 'runs:write',
  input: z.strictObject({ run_id: z.uuid(), why: z.string().max(1_000).optional() }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async run({ run_id, why }, { backend, caller }) {
    await backend.cancel(caller, run_id, why)
    return { output: { run_id, cancel_requested: true } }
  },
})
