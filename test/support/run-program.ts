import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { Ended } from './remit-command.ts'

/** What a test run is told, and a person who types a command elsewhere is not. */
const ours = /^(npm_|INIT_CWD$|NODE_OPTIONS$|NODE_ENV$|VITEST|TEST$|REMIT_|ANTHROPIC_)/i

/** Runs a program in a folder to its end, with the environment that a person there would have. */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  folder: string,
  extra: Record<string, string> = {},
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !ours.test(name))
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}
