import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Door } from '../../orchestrator/execute/egress/listen.ts'
import { type Launch, systemEnvironment } from '../../orchestrator/execute/launch.ts'
import type { SandboxDriver } from '../../orchestrator/execute/sandbox/driver.ts'
import { allDrivers } from '../../orchestrator/execute/sandbox/drivers.ts'
import { jailer, type Proof } from '../../orchestrator/execute/sandbox/jailer.ts'
import { chooseLimiter } from '../../orchestrator/execute/sandbox/limits/choose-limiter.ts'
import { type ServerProcess, startServerProcess } from '../../orchestrator/execute/server-process.ts'
import { type JailManifest, jailSchema, type ServerManifest } from '../../shared/manifest.ts'

const root = join(import.meta.dirname, '../..')
const leaveMs = 2_000

/** The drivers that work on this machine, strongest last. */
export async function workingDrivers(): Promise<SandboxDriver[]> {
  const drivers = allDrivers()
  const found = await Promise.all(drivers.map((driver) => driver.available()))
  return drivers.filter((_, index) => found[index]?.works)
}

export interface JailedProgram {
  driver: SandboxDriver
  /** A script of the project, and what it is told. */
  script: string
  args?: string[]
  dataFolder: string
  doors?: readonly Door[]
  env?: Record<string, string>
  jail?: Partial<JailManifest>
}

/** A script that runs in a jail, for a test. */
export interface Jailed extends AsyncDisposable {
  process: ServerProcess
  proof: Proof
  /** Why it was ended, where its limits did so. */
  killed(): string | undefined
  /** The lines on its stdout so far, and to come. */
  lines: Interface
}

/** The launch of a script as the launcher would make it; bombs are not tried first. */
export async function jailedLaunch(program: JailedProgram) {
  const { driver, script, args = [], dataFolder, doors = [], env = {}, jail: granted = {} } = program
  let proof: Proof | undefined
  const limiter = await chooseLimiter(process.env)
  const jailed = jailer({
    none_by_manifest: true,
    driver,
    limiter,
    root,
    kept: join(root, '.remit'),
    bombs: async () => limiter.stops.map((attack) => ({ attack, held: true, met: 'not tried here' })),
    async onProof(shown) {
      proof = shown
    },
  })
  const launch: Launch = {
    command: process.execPath,
    args: [script, ...args],
    cwd: root,
    env: { ...systemEnvironment(), ...env, REMIT_SERVER_DATA: dataFolder },
    secrets: [],
  }
  const server = { name: 'jailed', jail: jailSchema.parse(granted) } as ServerManifest
  const jail = jailed(server, { dataFolder, doors })
  return { launch: { ...launch, jail }, enter: () => jail(launch), proof: () => proof }
}

/** Runs a script in its jail, and waits until it was let in. */
export async function openJailed(program: JailedProgram): Promise<Jailed> {
  const { enter, proof } = await jailedLaunch(program)
  const start = await enter()
  const server = startServerProcess({ ...start.launch, channel: true }, leaveMs)
  let why: string | undefined
  let words = ''
  server.stdin.on('error', () => {})
  server.stderr.on('data', (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-2_000)
  })
  const lines = createInterface(server.stdout)
  const end = async () => {
    server.kill()
    await server.gone
    await start.release()
  }
  const kill = (reason: string) => {
    why = reason
    server.kill()
  }
  try {
    if (!server.channel || server.pid === undefined) throw new Error('it could not be started')
    await start.admit({ pid: server.pid, channel: server.channel, kill })
  } catch (cause) {
    await end()
    throw new Error(`no jail by ${program.driver.name}: ${words}`, { cause })
  }
  const shown = proof()
  if (!shown) throw new Error('nothing was proved')
  return { process: server, proof: shown, lines, killed: () => why, [Symbol.asyncDispose]: end }
}

/** The first line that a jailed script prints; empty ones do not count. Undefined where it ends without one. */
export function firstLine({ lines, process: server }: Jailed): Promise<string | undefined> {
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      if (line !== '') resolve(line)
    })
    void server.closed.then(() => resolve(undefined))
  })
}
