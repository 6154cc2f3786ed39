import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { processesOf } from '../../support/remit-command.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

export interface HostEnded {
  code: number | null
  stdout: string
  stderr: string
}

/** How a host is started. */
export interface Command {
  /** Node unless said. */
  program?: string
  args: readonly string[]
  environment?: Record<string, string>
}

/** Where one host runs: a home of its own, and a folder for the server that it starts. Nothing of the user's is seen. */
export interface HostPlace extends AsyncDisposable {
  /** Of the host: its home, and its current folder. */
  folder: string
  /** Of the server that the host starts. */
  serverEnvironment: Record<string, string>
  /** What the server's waiting tool wrote down. */
  waits(): string[]
  /** The revision that the host offered in the last thing with which it opened a connection. */
  opened(): string | undefined
  start(command: Command): ChildProcessWithoutNullStreams
  run(command: Command): Promise<HostEnded>
}

/** Opens a place. It closes once nothing that was started there runs any more, and says what does where that takes long. */
export async function openHostPlace(): Promise<HostPlace> {
  const { path: folder, remove } = await temporaryFolder('remit-interop-')
  const data = join(folder, 'server')
  const start: HostPlace['start'] = ({ program = process.execPath, args, environment = {} }) =>
    spawn(program, args, {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1', TERM: 'dumb', ...environment },
    })
  return {
    folder,
    serverEnvironment: { REMIT_SERVER_DATA: data },
    waits: () => linesOf(join(data, 'waits')),
    opened: () =>
      linesOf(join(data, 'openings'))
        .flatMap((line) => /"(20\d\d-\d\d-\d\d)"/.exec(line)?.[1] ?? [])
        .at(-1),
    start,
    async run(command) {
      const host = start(command)
      host.stdin.end()
      const said = { stdout: '', stderr: '' }
      for (const stream of ['stdout', 'stderr'] as const)
        host[stream].setEncoding('utf8').on('data', (text: string) => {
          said[stream] += text
        })
      const [code] = (await once(host, 'close')) as [number | null]
      return { code, ...said }
    },
    async [Symbol.asyncDispose]() {
      try {
        await vi.waitFor(() => expect(processesOf(folder)).toEqual([]), { timeout: 20_000, interval: 100 })
      } finally {
        for (const process of processesOf(folder)) kill(Number.parseInt(process, 10))
        await remove()
      }
    },
  }
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
