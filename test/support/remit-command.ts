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
    // Several may serve at once, and none of them is to find, or leave, a key of whoever runs the tests.
    env: {
      ...inherited,
      ...withoutModel,
      REMIT_HOME: home,
      REMIT_PORT: '0',
      REMIT_CONFIG_HOME: join(home, 'user'),
      NO_COLOR: '1',
      ...extra,
    },
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
  const hears = <Found>(find: (said: string) => Found | null) =>
    new Promise<Found>((resolve, reject) => {
      const check = () => {
        const found = find(`${stdout}${stderr}`)
        if (found !== null) resolve(found)
      }
      heard.add(check)
      check()
      void ended.then(() => reject(new Error(`the command ended without what was to come:\n${stdout}${stderr}`)))
    })
  return {
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Resolves once stdout or stderr holds the text; rejects when the command ends without it. */
    says: async (text: string) => void (await hears((said) => said.includes(text) || null)),
    /** As `says`, for what only has a form; returns what it was. */
    hears: (form: RegExp) => hears((said) => form.exec(said)),
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
