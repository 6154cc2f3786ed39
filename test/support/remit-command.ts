import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's root. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a command printed, and its exit code; null when a signal ended it. */
export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** Tests never ask a real model, whatever the shell that they run in holds. */
const withoutModel = { ANTHROPIC_API_KEY: '', ANTHROPIC_BASE_URL: '', ANTHROPIC_MODEL: '' }

/** One `remit` command as its own process on a home, as a person would type it. */
export function remit(home: string, args: readonly string[], extra: Record<string, string> = {}) {
  const { NODE_OPTIONS: _, ...inherited } = process.env
  const child = spawn(process.execPath, ['orchestrator/main.ts', ...args], {
    cwd: root,
    env: { ...inherited, ...withoutModel, REMIT_HOME: home, NO_COLOR: '1', ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const heard = new Set<() => void>()
  const hear = () => {
    for (const listener of heard) listener()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
    hear()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
    hear()
  })
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
  return {
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Resolves once stdout or stderr holds the text; rejects when the command ends without it. */
    says: (text: string) =>
      new Promise<void>((resolve, reject) => {
        const check = () => {
          if (`${stdout}${stderr}`.includes(text)) resolve()
        }
        heard.add(check)
        check()
        void ended.then(() => reject(new Error(`the command ended without saying "${text}":\n${stdout}${stderr}`)))
      }),
  }
}

/** The processes, by pid and command line, that work for a home: their arguments or environment name it. Linux only. */
export function processesOf(home: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    const [command = '', environment = ''] = ['cmdline', 'environ'].map((file) => readText(join('/proc', pid, file)))
    return `${command}${environment}`.includes(home) ? [`${pid} ${command.replaceAll('\0', ' ')}`] : []
  })
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
