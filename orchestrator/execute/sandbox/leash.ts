import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const trialMs = 10_000
const words = ['setpriv', '--pdeathsig', 'KILL']
let found: Promise<readonly string[]> | undefined

/**
 * Words before a command that let the kernel end it with the process that started it; none where util-linux is not there to
 * ask for it.
 */
export function leash(): Promise<readonly string[]> {
  found ??= tryLeash()
  return found
}

async function tryLeash(): Promise<readonly string[]> {
  const [command = '', ...args] = [...words, 'true']
  try {
    await execute(command, args, { env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, timeout: trialMs })
    return words
  } catch {
    return []
  }
}
