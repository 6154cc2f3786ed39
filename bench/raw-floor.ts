import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import postgres from 'postgres'
import { ledgerScript, root } from './ledger.ts'
import type { StageDatabase } from './stage.ts'

/** What a durable call is held against: the parts that it cannot do without, with nothing around them. */
export interface RawFloor extends AsyncDisposable {
  /** One INSERT of one row, committed and fsynced. */
  insert(): Promise<unknown>
  /** The same through a pool of 20 connections. */
  insertPooled(): Promise<unknown>
  /** One call of the ledger's tool by the MCP client library alone, over stdio. */
  call(): Promise<unknown>
  /** An INSERT, then a call: what a durable call cannot do without, in its order. */
  insertAndCall(): Promise<unknown>
  /** The call, of a server that is made with the MCP library alone. */
  bareCall(): Promise<unknown>
}

const bareScript = 'bench/fixtures/bare-server.ts'
const row = JSON.stringify({ entry_id: 'entry_number 0', after: null })

/** Opens clients of their own on the same Postgres and a ledger process of its own. */
export async function openRawFloor({ adminUrl, home }: StageDatabase): Promise<RawFloor> {
  const single = postgres(adminUrl, { max: 1, onnotice: () => {} })
  const pool = postgres(adminUrl, { max: 20, onnotice: () => {} })
  await single`
    CREATE TABLE IF NOT EXISTS raw_rows (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, data jsonb NOT NULL)`
  const insertBy = (sql: postgres.Sql) => () =>
    sql`INSERT INTO raw_rows (at, data) VALUES (${new Date()}, ${row}::text::jsonb)`

  const env = { REMIT_SERVER_DATA: home.serverFolder('raw-ledger'), REMIT_LAUNCHED: '1' }
  const [ledger, bare] = await Promise.all([connectTo(ledgerScript, env), connectTo(bareScript, env)])
  const callBy = (client: Client) => () => client.callTool({ name: 'add_entry', arguments: { text: 'number 0' } })
  const [insert, call] = [insertBy(single), callBy(ledger)]
  return {
    insert,
    insertPooled: insertBy(pool),
    call,
    insertAndCall: async () => {
      await insert()
      await call()
    },
    bareCall: callBy(bare),
    async [Symbol.asyncDispose]() {
      await Promise.all([ledger.close(), bare.close()])
      await Promise.all([single.end({ timeout: 1 }), pool.end({ timeout: 1 })])
    },
  }
}

async function connectTo(script: string, env: Record<string, string>): Promise<Client> {
  const client = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [script], cwd: root, env, stderr: 'ignore' }),
  )
  // Once listed, the library checks outputs, as it does for everybody.
  await client.listTools()
  return client
}
