import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Duplex, Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Launch } from './launch.ts'
import { killMarked, launchMarkVariable, newLaunchMark } from './launch-mark.ts'

/** How long a killed process may take to go; one that hangs in the kernel never does. */
const killedMs = 5_000

/** What is started. */
export interface Program extends Pick<Launch, 'command' | 'args' | 'cwd' | 'env'> {
  /** With a pipe as descriptor 3, both ways. */
  channel?: boolean
}

/** The operating system's side of a server: one process, and whatever it starts. */
export interface ServerProcess {
  readonly pid: number | undefined
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Descriptor 3, where one was asked for. */
  readonly channel: Duplex | undefined
  /** Resolves once the program runs; rejects where it cannot be started. */
  readonly started: Promise<void>
  /** Resolves when the process itself is over. */
  readonly exited: Promise<void>
  /** Resolves when, besides, all that it wrote was read. */
  readonly closed: Promise<void>
  /** Resolves when nothing that it started is left either, as far as the platform lets us see, or when not even a kill helps. */
  readonly gone: Promise<void>
  /** `exit code 2`, `SIGKILL`, or undefined while it runs. */
  ending(): string | undefined
  /** Asks it to leave, ever less politely, and waits until it is gone. */
  stop(): Promise<void>
  /** Ends it without asking. */
  kill(): void
}

/**
 * Starts a program with exactly the launch's environment, and a mark, in a process group of its own, so that a Ctrl-C in
 * the terminal reaches us first. It is expected to leave when its stdin ends, which is also what it sees when this process
 * is killed.
 */
export function startServerProcess(
  { command, args, cwd, env, channel = false }: Program,
  leaveMs: number,
): ServerProcess {
  const mark = newLaunchMark()
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(command, args, {
    cwd,
    env: { ...env, [launchMarkVariable]: mark },
    stdio: channel ? ['pipe', 'pipe', 'pipe', 'pipe'] : ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  }) as ChildProcessByStdio<Writable, Readable, Readable>
  const started = new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    started.catch(() => resolve())
  })
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    started.catch(() => resolve())
  })
  const unkillable = Promise.withResolvers<void>()
  const gone = Promise.race([exited, unkillable.promise]).then(async () => {
    if (child.pid === undefined) return
    signalGroup('SIGKILL')
    await killMarked(mark)
  })

  /** A group that is gone already is fine. */
  function signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (child.pid === undefined) return
    try {
      process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal)
    } catch {
      // ESRCH: nobody is left.
    }
  }

  function ending(): string | undefined {
    if (child.signalCode) return child.signalCode
    return child.exitCode === null ? undefined : `exit code ${child.exitCode}`
  }

  async function leavesWithin(ms: number): Promise<boolean> {
    const patience = new AbortController()
    const left = await Promise.race([
      exited.then(() => true),
      sleep(ms, false, { signal: patience.signal }).catch(() => false),
    ])
    patience.abort()
    return left
  }

  // Where no descriptors are left, Node makes a child without pipes, and tells the error only later.
  if (!child.stdout) throw Object.assign(new Error('no pipe could be opened'), { code: 'EMFILE', syscall: 'spawn' })

  let stopping: Promise<void> | undefined
  async function stopOnce(): Promise<void> {
    child.stdin.end()
    if (!(await leavesWithin(leaveMs))) {
      signalGroup('SIGTERM')
      if (!(await leavesWithin(leaveMs))) kill()
    }
    await gone
  }

  function kill(): void {
    if (ending() !== undefined) return
    signalGroup('SIGKILL')
    const timer = setTimeout(unkillable.resolve, killedMs)
    exited.then(() => clearTimeout(timer))
  }

  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    channel: (child.stdio[3] as Duplex | undefined) ?? undefined,
    started,
    exited,
    closed,
    gone,
    ending,
    stop: () => {
      stopping ??= stopOnce()
      return stopping
    },
    kill,
  }
}
