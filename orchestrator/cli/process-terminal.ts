import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Terminal } from './terminal.ts'

export interface ProcessTerminalOptions {
  noColor: boolean
  forceColor: boolean
  /** The folder in which the person typed the command. */
  folder: string
  /** What programs started on the terminal inherit. */
  environment: Readonly<Record<string, string | undefined>>
}

/** What opens a URL, without a shell that would read it; undefined where nobody would see it. */
export function browserCommand(
  platform: NodeJS.Platform,
  { DISPLAY, WAYLAND_DISPLAY, SSH_CONNECTION }: Readonly<Record<string, string | undefined>>,
): [string, ...string[]] | undefined {
  if (SSH_CONNECTION) return undefined
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  return DISPLAY || WAYLAND_DISPLAY ? ['xdg-open'] : undefined
}

/** Columns where nothing says how wide the screen is: a pipe, a file. */
const defaultColumns = 80

/** The terminal of this process. A reader that goes away (`remit runs | head -1`) is not an error. */
export function processTerminal({ noColor, forceColor, folder, environment }: ProcessTerminalOptions): Terminal {
  const { stdin, stdout, stderr } = process
  for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe)
  return {
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    stdin,
    isTTY: stdout.isTTY === true,
    colors: !noColor && (forceColor || stdout.isTTY === true),
    get columns() {
      return stdout.columns || defaultColumns
    },
    folder,
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    async ask(question, signal) {
      if (signal?.aborted) return undefined
      stderr.write(question)
      // Not as a terminal: then Ctrl-C stays a signal, for all that listen.
      const lines = createInterface({ input: stdin, terminal: false })
      const end = () => lines.close()
      process.once('SIGINT', end)
      signal?.addEventListener('abort', end, { once: true })
      try {
        const line = once(lines, 'line').then(([text]) => String(text))
        return await Promise.race([line, once(lines, 'close').then(() => undefined)])
      } finally {
        process.off('SIGINT', end)
        signal?.removeEventListener('abort', end)
        lines.close()
      }
    },
    browse(url) {
      const command = browserCommand(process.platform, environment)
      if (!command) return false
      const [program, ...args] = command
      const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true, env: { ...environment } })
      // Where it cannot be started, the person opens the URL that is printed.
      child.once('error', () => undefined)
      child.unref()
      return true
    },
    now: () => Date.now(),
    onInterrupt(listener) {
      process.on('SIGINT', listener).on('SIGTERM', listener)
      return () => void process.off('SIGINT', listener).off('SIGTERM', listener)
    },
    runProgram: (name, args, extra) =>
      new Promise((resolve, reject) => {
        const child = spawn(name, args, { stdio: 'inherit', env: { ...environment, ...extra } })
        child.once('error', (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') resolve(undefined)
          else reject(error)
        })
        child.once('exit', (code) => resolve(code ?? 1))
      }),
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
