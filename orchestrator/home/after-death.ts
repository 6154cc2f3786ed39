import { spawn } from 'node:child_process'

/** A command that runs should this process be killed. */
export interface AfterDeath {
  /** This process ends in order: nothing is left to do. */
  callOff(): void
}

/**
 * Leaves a command behind that runs if this process ends without calling it off, however that happens: a shell waits for
 * the end of a pipe that only this process holds. In a group of its own, for a whole group may be killed. On Windows nothing
 * waits: there whoever uses the home next clears up.
 */
export function afterDeath(command: readonly string[], env: Record<string, string>): AfterDeath {
  if (process.platform === 'win32') return { callOff: () => undefined }
  const waiting = spawn('/bin/sh', ['-c', 'read -r over || exec "$@"', 'sh', ...command], {
    env,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // It may have been ended by somebody else: then nothing waits.
  waiting.on('error', () => undefined)
  waiting.stdin.on('error', () => undefined)
  waiting.unref()
  return { callOff: () => void waiting.stdin.end('over\n') }
}
