import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { callTool, modernRevision, type TestServer } from '../../shared/capability/testing.ts'
import { root } from './remit-command.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A shipped server in a process of its own. */
export interface ServerProcess extends AsyncDisposable, Pick<TestServer, 'call'> {
  /** False once the process has ended. */
  lives(): boolean
}

/** Starts `servers/<name>/main.ts` with this environment and nothing else, and connects to it over stdio. */
export async function startServerProcess(name: string, environment: Record<string, string>): Promise<ServerProcess> {
  const folder = await temporaryFolder(`remit-test-${name}-`)
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(root, 'servers', name, 'main.ts')],
    cwd: root,
    env: { ...environment, REMIT_LAUNCHED: '1', REMIT_SERVER_DATA: folder.path },
    stderr: 'ignore',
  })
  const client = new Client(
    { name: 'remit-test', version: '0' },
    { versionNegotiation: { mode: { pin: modernRevision } } },
  )
  let lives = true
  client.onclose = () => {
    lives = false
  }
  await client.connect(transport)
  return {
    lives: () => lives,
    call: (tool, args, options = {}) => callTool(client, tool, args, options),
    async [Symbol.asyncDispose]() {
      await client.close()
      await folder.remove()
    },
  }
}
