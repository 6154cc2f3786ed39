import { execFile } from 'node:child_process'

/** What a command printed, or why it gave nothing; its stderr is not told, because it may quote the secret. */
export type Ran = { printed: string } | { fault: string }

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
      (error, stdout) => resolve(error ? { fault: faultOf(error, ms) } : { printed: stdout }),
    )
    child.stdin?.end()
  })
}

/** The error's own message holds the whole command and its stderr: only its code is told. */
function faultOf({ code, killed, signal }: Error & { code?: unknown; killed?: boolean; signal?: unknown }, ms: number) {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${mostBytes} bytes`
  if (killed) return `did not end within ${ms / 1_000} s`
  if (typeof code === 'number') return `ended with exit code ${code}: try it in a terminal`
  if (typeof code === 'string') return `cannot be started (${code})`
  return `was ended by ${String(signal)}`
}
