import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type JSONRPCMessage,
  ReadBuffer,
  SdkError,
  SdkErrorCode,
  serializeMessage,
  type Transport,
} from '@modelcontextprotocol/client'
import type { Launch } from './launch.ts'
import { scrubber } from './scrub.ts'
import { followStderr, type StderrTail } from './stderr-tail.ts'

/** How long a server may take to leave after its stdin was closed, and again after SIGTERM. */
const patienceMs = 2_000
/** How long output that an exited server has left in the pipe is waited for; a grandchild may hold the pipe open for ever. */
const drainMs = 250

/**
 * MCP over the stdio of a child process that gets exactly the launch's environment and a process group of its own, so that
 * a Ctrl-C in the terminal reaches us first. The child is expected to leave when its stdin ends, which is also what happens
 * when this process is killed. The SDK's own stdio transport adds HOME, PATH, USER and more, and shares our group.
 */
export class StdioTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void

  readonly #launch: Launch
  readonly #buffer = new ReadBuffer()
  #child: ChildProcess | undefined
  #tail: StderrTail | undefined
  #exited: Promise<void> = Promise.resolve()
  #closed = false

  constructor(launch: Launch) {
    this.#launch = launch
  }

  /** Undefined before the start and after the end of the process. */
  get pid(): number | undefined {
    return this.#closed ? undefined : this.#child?.pid
  }

  /** There for the SDK, which tells a pipe from HTTP by the presence of `pid` and `stderr` and then negotiates in place. */
  get stderr(): null {
    return null
  }

  /** `exit code 2`, `SIGKILL`, or undefined while the process runs. */
  get ending(): string | undefined {
    const child = this.#child
    if (child?.signalCode) return child.signalCode
    return typeof child?.exitCode === 'number' ? `exit code ${child.exitCode}` : undefined
  }

  /** The last lines of the server's stderr, without secrets. */
  lastWords(): string[] {
    return this.#tail?.lines() ?? []
  }

  async start(): Promise<void> {
    if (this.#child) throw new SdkError(SdkErrorCode.AlreadyConnected, 'the transport was started before')
    const { command, args, cwd, env, secrets, logFile } = this.#launch
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    this.#child = child
    this.#tail = followStderr(child.stderr, scrubber(secrets), logFile)
    child.stdin.on('error', (error) => this.onerror?.(error))
    child.stdout.on('error', (error) => this.onerror?.(error))
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        resolve()
        this.#signal('SIGKILL')
        setTimeout(() => this.#ended(), drainMs)
      })
      child.once('error', () => resolve())
      child.once('close', () => this.#ended())
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#child?.stdin
    if (this.#closed || !stdin?.writable) throw new SdkError(SdkErrorCode.NotConnected, 'the server is not running')
    if (!stdin.write(serializeMessage(message))) {
      await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), this.#exited])
    }
  }

  /** Resolves once the process, and what it left in its group, is gone. */
  async close(): Promise<void> {
    const child = this.#child
    if (child?.pid !== undefined && this.ending === undefined) {
      child.stdin?.end()
      if (!(await this.#leftWithin(patienceMs))) {
        this.#signal('SIGTERM')
        if (!(await this.#leftWithin(patienceMs))) this.#signal('SIGKILL')
      }
      await this.#exited
    }
    this.#ended()
  }

  async #leftWithin(ms: number): Promise<boolean> {
    const patience = new AbortController()
    const left = await Promise.race([
      this.#exited.then(() => true),
      sleep(ms, false, { signal: patience.signal }).catch(() => false),
    ])
    patience.abort()
    return left
  }

  #receive(chunk: Buffer): void {
    try {
      this.#buffer.append(chunk)
      for (let message = this.#buffer.readMessage(); message !== null; message = this.#buffer.readMessage()) {
        this.onmessage?.(message)
      }
    } catch (error) {
      // What cannot be read (no JSON-RPC, or more than the buffer holds) leaves the stream in an unknown state.
      this.onerror?.(error instanceof Error ? error : new Error(String(error)))
      void this.close()
    }
  }

  /** Signals the whole process group; a group that is gone already is fine. */
  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, signal)
    } catch {
      // ESRCH: nobody is left.
    }
  }

  #ended(): void {
    if (this.#closed) return
    this.#closed = true
    this.#child?.stdin?.destroy()
    this.#child?.stdout?.destroy()
    this.#child?.stderr?.destroy()
    this.#buffer.clear()
    this.onclose?.()
  }
}
