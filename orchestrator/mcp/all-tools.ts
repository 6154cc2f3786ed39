import type { RemitTool } from './remit-tool.ts'
import { answerRun } from './tools/answer-run.ts'
import { callTool } from './tools/call-tool.ts'
import { cancelRun } from './tools/cancel-run.ts'
import { findTools } from './tools/find-tools.ts'
import { getRun } from './tools/get-run.ts'
import { listRuns } from './tools/list-runs.ts'
import { startRun } from './tools/start-run.ts'

/** What Remit offers as an MCP server, by name. */
export const allTools: readonly RemitTool[] = [answerRun, callTool, cancelRun, findTools, getRun, listRuns, startRun]
