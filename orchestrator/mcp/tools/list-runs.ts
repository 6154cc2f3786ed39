import { z } from 'zod'
import type { JsonObject } from '../../../shared/json.ts'
import { runStatuses } from '../../model/run.ts'
import { defineRemitTool, reads } from '../remit-tool.ts'

export const listRuns = defineRemitTool({
  name: 'list_runs',
  title: 'List runs',
  description: 'Runs, the latest first. Give the cursor of one page to get the next.',
  scope: 'runs:read',
  input: z.strictObject({
    status: z.enum(runStatuses).optional(),
    limit: z.int().min(1).max(100).default(20),
    cursor: z.uuid().optional(),
  }),
  annotations: reads,
  async run({ status, limit, cursor }, { backend, caller }) {
    const page = await backend.listRuns(caller, { limit, ...(status && { status }), ...(cursor && { cursor }) })
    return { output: { ...page } as unknown as JsonObject }
  },
})
