import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A Node process of a test, whose output is kept. */
export interface NodeProcess extends AsyncDisposable {
  child: ChildProcessWithoutNullStreams
  stdout(): string
  stderr(): string
  /** Resolves with what was printed once it matches; rejects when the process ends first. */
  until(pattern: RegExp, stream: 'stdout' | 'stderr'): Promise<string>
  /** The exit code, or the signal's name. */
  exited: Promise<number | string>
}

/** Starts `node <script>` (relative to the project, or in another folder) with this environment and nothing else; `await using` ends it where a test fails. */
export function spawnNode(script: string, args: string[], env: Record<string, string>, cwd = root): NodeProcess {
  const child = spawn(process.execPath, [script, ...args], { cwd, env, stdio: 'pipe' })
  const text = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk
    })
  }
  // A process that ends at once closes its stdin under the writer.
  child.stdin.on('error', () => undefined)
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  return {
    child,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    exited,
    until: (pattern, stream) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(text[stream])) resolve(text[stream])
        }
        child[stream].on('data', look)
        exited.then((code) => reject(new Error(`ended with ${code} before ${pattern}: ${text.stdout}${text.stderr}`)))
        look()
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
