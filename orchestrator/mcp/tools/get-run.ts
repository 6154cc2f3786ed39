import { z } from 'zod'
import type { JsonObject } from '../../../shared/json.ts'
import { documentOf } from '../../run/document.ts'
import { defineRemitTool, reads } from '../remit-tool.ts'

export const getRun = defineRemitTool({
  name: 'get_run',
  title: 'Get run',
  description: 'How a run stands: its plan, its calls, what it waits for and what came of it.',
  scope: 'runs:read',
  input: z.strictObject({ run_id: z.uuid() }),
  annotations: reads,
  async run({ run_id }, { backend, caller }) {
    return { output: { ...documentOf(await backend.situation(caller, run_id)) } as unknown as JsonObject }
  },
})
