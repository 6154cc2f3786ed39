import {
  type McpServer,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { CapabilityError } from '../../shared/failure.ts'
import { documentOf } from '../run/document.ts'
import type { Backend, McpCaller } from './backend.ts'

const mimeType = 'application/json'
/** How many runs a client is shown to choose from. */
const mostListed = 50

/** Registers runs and their timelines as resources. */
export function registerRuns(
  server: McpServer,
  { backend, callerIn }: { backend: Backend; callerIn(context: ServerContext): McpCaller },
): void {
  const reader = (context: ServerContext): McpCaller => {
    const caller = callerIn(context)
    if (caller.scopes.has('runs:read')) return caller
    throw new CapabilityError('denied', 'This needs a key with the scope runs:read')
  }
  const register = (
    name: string,
    { title, description, path }: { title: string; description: string; path: string },
    read: (caller: McpCaller, runId: string) => Promise<unknown>,
  ) => {
    const list = async (context: ServerContext) => {
      const { runs } = await backend.listRuns(reader(context), { limit: mostListed })
      return {
        resources: runs.map(({ run_id, goal, status }) => ({
          uri: `remit://runs/${run_id}${path}`,
          name: `${goal} ${run_id.slice(-6)} (${status})`,
          mimeType,
        })),
      }
    }
    server.registerResource(
      name,
      new ResourceTemplate(`remit://runs/{run_id}${path}`, { list }),
      { title, description, mimeType },
      async (uri, { run_id }, context) => {
        const caller = reader(context)
        try {
          return { contents: [{ uri: uri.href, mimeType, text: JSON.stringify(await read(caller, String(run_id))) }] }
        } catch (error) {
          if (!(error instanceof CapabilityError)) throw error
          throw new ResourceNotFoundError(uri.href)
        }
      },
    )
  }
  register(
    'run',
    { title: 'Run', description: 'How a run stands, and what came of it.', path: '' },
    async (caller, runId) => documentOf(await backend.situation(caller, runId)),
  )
  register(
    'timeline',
    { title: 'Timeline of a run', description: 'All that is recorded of a run, in order.', path: '/timeline' },
    (caller, runId) => backend.timeline(caller, runId),
  )
}
