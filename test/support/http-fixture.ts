import { fixtureEnvironment } from './fixture-server.ts'
import { type NodeProcess, spawnNode } from './spawn-node.ts'

/** The fixture's server as an HTTP service of its own. */
export interface HttpFixture extends AsyncDisposable {
  url: string
  process: NodeProcess
}

/** Starts it on a free port, as a platform for containers would: by PORT. Resolves when it listens. */
export async function serveFixture(environment: Record<string, string>, args: string[] = []): Promise<HttpFixture> {
  const run = spawnNode('test/support/fixture-main.ts', args, { ...fixtureEnvironment, PORT: '0', ...environment })
  const said = await run.until(/listens on \S+\n/, 'stderr')
  return {
    url: /listens on (\S+)/.exec(said)?.[1] ?? '',
    process: run,
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  }
}
