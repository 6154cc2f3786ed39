import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emulatorReadySchema } from '../../../shared/capability/call-meta.ts'
import { spawnNode } from '../../support/spawn-node.ts'
import { requiredVariables, type Subject } from './subjects.ts'

/** What a server's calls are made on: its vendor's stand-in, or a database. */
export interface Stage {
  environment: Record<string, string>
  /** Everything that the vendor has: equal where nothing has happened. */
  state(): Promise<unknown>
  /** Base URL of the stand-in's control routes. */
  control?: string
  close(): Promise<void>
}

export interface StageOptions {
  /** A database for a server that keeps its things in Postgres; without it the calls of such a server are not tried. */
  database?: (server: string) => Promise<Stage & { url: string }>
}

/** How calls of a server can be made; undefined where they cannot. */
export function stageFor(
  { server, cwd, folder }: Subject,
  { database }: StageOptions,
): (() => Promise<Stage>) | undefined {
  if (server.emulates !== undefined && folder !== undefined)
    return () => emulatorStage(join(folder, 'emulator.ts'), cwd)
  const [variable, ...others] = requiredVariables(server)
  if (variable === undefined) return async () => ({ environment: {}, state: async () => 'none', close: async () => {} })
  const takesDatabase = server.environment.shape[variable]?.safeParse('postgres://localhost/any').success
  if (!database || !takesDatabase || others.length > 0) return undefined
  return async () => {
    const { url, ...stage } = await database(server.name)
    return { ...stage, environment: { [variable]: url } }
  }
}

async function emulatorStage(script: string, cwd: string): Promise<Stage> {
  const data = await mkdtemp(join(tmpdir(), 'remit-contract-'))
  const emulator = spawnNode(script, [], { REMIT_EMULATOR_DATA: join(data, 'emulator') }, cwd)
  const close = async () => {
    emulator.child.kill('SIGTERM')
    await emulator.exited
    await rm(data, { recursive: true, force: true })
  }
  try {
    const said = await emulator.until(/\n/, 'stdout')
    const { endpoints, credentials, control } = emulatorReadySchema.parse(JSON.parse(said))
    return {
      environment: { ...endpoints, ...credentials },
      control: control.replace(/\/$/, ''),
      async state() {
        const reply = await fetch(`${control.replace(/\/$/, '')}/state`)
        if (!reply.ok) throw new Error(`GET /state of the emulator answers ${reply.status}`)
        return reply.json()
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
