import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '../../shared/json.ts'

/** A process that outlives the command that starts it. */
export interface DetachedProcess<Info extends Json> {
  /** Shown in errors. */
  name: string
  command: string
  args: readonly string[]
  /** The whole environment; nothing is inherited. */
  env: Record<string, string>
  cwd: string
  /** Takes stderr. The first line of stdout may hold credentials, so it passes through a file that is gone at once. */
  log: string
  /** Makes of the first line on stdout what users need to reach the process; throws when the line is not it. */
  ready(firstLine: string): Info
  /** How long the line may take; 15 s unless said. */
  timeoutMs?: number
  /** Told the pid before anything is awaited: see `ServiceRecipe.start`. */
  spawned(pid: number): Promise<void>
}

/**
 * Starts a process in a group of its own, so that Ctrl-C in the terminal does not reach it, and waits for its first line.
 * A process that does not come up is killed; the error names its log.
 */
export async function startDetached<Info extends Json>(
  options: DetachedProcess<Info>,
): Promise<{ pid: number; info: Info }> {
  const { name, log, ready, timeoutMs = 15_000 } = options
  const output = `${log}.out`
  const child = await spawnDetached(options, output)
  const pid = child.pid as number
  try {
    await options.spawned(pid)
    child.stdin?.end('go\n')
    const line = await firstLineOf(output, timeoutMs, () => child.exitCode !== null || child.signalCode !== null)
    return { pid, info: ready(line) }
  } catch (cause) {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
    throw new Error(`${name} did not start: ${cause instanceof Error ? cause.message : String(cause)} (see ${log})`, {
      cause,
    })
  } finally {
    forget(output)
  }
}

/** Emptied first: where a file in use cannot be removed, nothing is left in it. */
function forget(file: string): void {
  truncateSync(file)
  try {
    rmSync(file, { force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY' && (error as NodeJS.ErrnoException).code !== 'EPERM')
      throw error
  }
}

/**
 * The program starts only once it is told to, so that a command which is killed before the pid is registered leaves
 * nothing behind: the shell that waits ends with it, and otherwise becomes the program, under the same pid. What a shell
 * exports of itself is no part of the program's environment.
 */
const onceTold = ['-c', 'read -r go && unset PWD OLDPWD SHLVL && exec "$@" </dev/null', 'sh']

async function spawnDetached(
  { name, command, args, env, cwd, log }: Omit<DetachedProcess<Json>, 'ready'>,
  output: string,
): Promise<ChildProcess> {
  const stdout = openSync(output, 'w', 0o600)
  const stderr = openSync(log, 'a', 0o600)
  try {
    const [program, programArgs] =
      process.platform === 'win32' ? [command, args] : ['/bin/sh', [...onceTold, command, ...args]]
    const child = spawn(program, programArgs, {
      env,
      cwd,
      detached: true,
      stdio: ['pipe', stdout, stderr],
      windowsHide: true,
    })
    await once(child, 'spawn').catch((cause: Error) => {
      throw new Error(`${name} did not start: ${cause.message}`, { cause })
    })
    child.unref()
    // It may have ended already: that is found out where its first line is awaited.
    child.stdin?.on('error', () => {})
    return child
  } finally {
    closeSync(stdout)
    closeSync(stderr)
  }
}

async function firstLineOf(path: string, timeoutMs: number, hasEnded: () => boolean): Promise<string> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const ended = hasEnded()
    const text = readFileSync(path, 'utf8')
    const newline = text.indexOf('\n')
    if (newline >= 0) return text.slice(0, newline)
    if (ended) throw new Error('it ended before it was ready')
    if (Date.now() > end) throw new Error(`it was not ready within ${timeoutMs / 1000} s`)
    await sleep(5)
  }
}
