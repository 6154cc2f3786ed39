import { execFile } from 'node:child_process'

/**
 * What a command printed, or why it gave nothing; its stderr is not told, because it may quote the secret. The code is the one
 * that it ended with, or the system's word for why it could not be started.
 */
export type Ran = { printed: string } | { fault: string; code?: number | string }

/** A person may have to unlock a keychain, and a vault may be far away. */
const limitMs = 30_000
const mostBytes = 65_536

/**
 * Runs a command that prints a secret: without a shell, with nothing on stdin, within a time limit. It is the operator's own
 * command, so it gets the operator's environment; a password manager finds its session there.
 */
export function runSourceCommand(
  [program = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  ms = limitMs,
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { env: { ...environment }, timeout: ms, killSignal: 'SIGKILL', maxBuffer: mostBytes, windowsHide: true },
      (error, stdout) => resolve(error ? faultOf(error, ms) : { printed: stdout }),
    )
    child.stdin?.end()
  })
}

/** The error's own message holds the whole command and its stderr: only its code is told. */
function faultOf(error: Error & { code?: unknown; killed?: boolean; signal?: unknown }, ms: number): Ran {
  const { code, killed, signal } = error
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return { fault: `printed more than ${mostBytes} bytes` }
  if (killed) return { fault: `did not end within ${ms / 1_000} s` }
  if (typeof code === 'number') return { fault: `ended with exit code ${code}: try it in a terminal`, code }
  if (typeof code === 'string') return { fault: `cannot be started (${code})`, code }
  return { fault: `was ended by ${String(signal)}` }
}
