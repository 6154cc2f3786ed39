import { type JSONRPCMessage, SdkError, SdkErrorCode, serializeMessage } from '@modelcontextprotocol/client'
import type { Carrier } from './carrier.ts'
import { countFaults, type FaultCount } from './fault-count.ts'
import type { Launch } from './launch.ts'
import type { Limits } from './limits.ts'
import { type Pace, paceStream } from './pace.ts'
import { type ProtocolScreen, type Screened, screenProtocol } from './protocol-screen.ts'
import { JailError } from './sandbox/jail-error.ts'
import type { JailedStart } from './sandbox/jailer.ts'
import { scrubber } from './scrub.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { type LineSplitter, splitLines } from './split-lines.ts'
import { followStderr, type StderrTail } from './stderr-tail.ts'

/** How long output that an exited server has left in the pipe is waited for; a grandchild may hold the pipe open for ever. */
const drainMs = 250
/** How long a process that closed a pipe may take to exit. */
const endingMs = 1_000
/** Messages that nobody asked for, in each tenth of a second; 4 KiB count as one more. */
const pacedMessages = 500
const bytesLikeAMessage = 4_096

/** MCP over the stdio of a server's process. What breaks the protocol is noted and kept from the client. */
export class StdioTransport implements Carrier {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  /** Told each breach of the protocol, in words of our own, and how many there have been. */
  onfault?: (fault: string, count: number) => void

  readonly #launch: Launch
  readonly #limits: Limits
  readonly #screen: ProtocolScreen
  readonly #lines: LineSplitter
  readonly #faults: FaultCount
  #process: ServerProcess | undefined
  #gone: Promise<void> | undefined
  #pace: Pace | undefined
  #tail: StderrTail | undefined
  #drained: Promise<void> | undefined
  #draining: NodeJS.Timeout | undefined
  #ending: NodeJS.Timeout | undefined
  #failure: string | undefined
  #leaving = false
  #closed = false

  constructor(launch: Launch, limits: Limits) {
    this.#launch = launch
    this.#limits = limits
    this.#faults = countFaults(limits)
    this.#screen = screenProtocol({
      unaskedBytes: limits.unaskedBytes,
      canAnswer: () => this.#process?.stdin.writableNeedDrain === false,
    })
    this.#lines = splitLines({
      limitBytes: limits.lineBytes,
      onLine: (line, bytes) => this.#take(this.#screen.read(line, bytes), bytes, line),
      onLongLine: (line) => this.#take(this.#screen.readLong(line), line.bytes),
      onEndless: () => this.fail('wrote a line without an end'),
    })
  }

  /** Undefined before the start and after the end of the process. */
  get pid(): number | undefined {
    return this.#closed ? undefined : this.#process?.pid
  }

  processId(): number | undefined {
    return this.pid
  }

  /** There for the SDK, which tells a pipe from HTTP by the presence of `pid` and `stderr` and then negotiates in place. */
  get stderr(): null {
    return null
  }

  /** False as soon as nothing may be sent any more, which is before the process is gone. */
  get isOpen(): boolean {
    return !this.#closed && !this.#leaving && this.pid !== undefined && this.ending === undefined
  }

  /** Why it ended, e.g. `ended with exit code 2`; undefined while it runs. */
  get ending(): string | undefined {
    if (this.#failure !== undefined) return this.#failure
    const ending = this.#process?.ending()
    return ending === undefined ? undefined : `ended with ${ending}`
  }

  /** Resolves when nothing is left of the process; at once where there never was one. */
  get gone(): Promise<void> {
    return this.#gone ?? Promise.resolve()
  }

  /** The last lines of the server's stderr, without secrets. */
  lastWords(): string[] {
    return this.#tail?.lines() ?? []
  }

  async start(): Promise<void> {
    if (this.#process) throw new SdkError(SdkErrorCode.AlreadyConnected, 'the transport was started before')
    if (this.#leaving) throw new SdkError(SdkErrorCode.NotConnected, 'the transport was closed before it started')
    const jail = await this.#launch.jail?.(this.#launch)
    const server = this.#startProcess(jail)
    const { stdin, stdout, stderr } = server
    this.#tail = followStderr(stderr, scrubber(this.#launch.secrets), this.#launch.logFile)
    this.#pace = paceStream(stdout, pacedMessages)
    stdin.on('error', () => this.#failUnlessItEnds('closed its stdin'))
    stdout.on('error', () => this.#failUnlessItEnds('closed its stdout'))
    stdout.on('end', () => this.#failUnlessItEnds('closed its stdout'))
    stdout.on('data', (chunk: Buffer) => this.#lines.push(chunk))
    server.exited.then(() => {
      this.#draining = setTimeout(() => this.#ended(), drainMs)
    })
    server.closed.then(() => this.#ended())
    await server.started
    if (jail) await this.#admit(jail, server)
  }

  /** What was prepared for a process goes when nothing is left of it, or when it could not even be started. */
  #startProcess(jail: JailedStart | undefined): ServerProcess {
    try {
      if (this.#leaving) throw new SdkError(SdkErrorCode.NotConnected, 'the transport was closed before it started')
      const program = jail ? { ...jail.launch, channel: true } : this.#launch
      this.#process = startServerProcess(program, this.#limits.leaveMs)
      this.#gone = this.#process.gone.then(() => jail?.release())
      return this.#process
    } catch (error) {
      this.#gone = jail?.release()
      throw error
    }
  }

  /** Nothing is said to a server before its jail has proved itself. */
  async #admit(jail: JailedStart, { pid, channel }: ServerProcess): Promise<void> {
    if (pid === undefined || !channel) throw new JailError('there is no pipe to its jail')
    await jail.admit({ pid, channel, kill: (why) => this.fail(why) })
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#process?.stdin
    if (!this.isOpen || !stdin?.writable) throw new SdkError(SdkErrorCode.NotConnected, 'the server is not running')
    this.#screen.sent(message)
    // All that is sent in one turn goes into the pipe together: a write of its own costs as much as the rest of a message.
    if (stdin.writableCorked === 0) {
      stdin.cork()
      process.nextTick(() => stdin.uncork())
    }
    if (stdin.write(serializeMessage(message))) return
    // One listener for all who wait: a thousand of their own would be a leak.
    this.#drained ??= new Promise<void>((resolve) => stdin.once('drain', resolve)).then(() => {
      this.#drained = undefined
    })
    await Promise.race([this.#drained, this.#process?.exited])
  }

  /** Gives the process up at once, for a reason that will be told. */
  fail(reason: string): void {
    if (this.#closed || this.#leaving || this.ending !== undefined) return
    this.#failure = reason
    this.#lines.stop()
    this.#process?.kill()
  }

  /** A process that ends closes its pipes too, and then its exit says more. */
  #failUnlessItEnds(reason: string): void {
    this.#ending ??= setTimeout(() => this.fail(reason), endingMs)
  }

  /** Resolves once the process, and what it left behind, is gone. */
  async close(): Promise<void> {
    this.#leaving = true
    await this.#process?.stop()
    await this.#gone
    this.#ended()
  }

  #take({ message, fault, unasked }: Screened, bytes: number, line?: string): void {
    if (unasked) this.#pace?.spend(1 + bytes / bytesLikeAMessage)
    if (fault !== undefined) {
      this.#tail?.add(line === undefined ? `[stdout] ${fault}` : `[stdout] ${line}`)
      const tooMany = this.#faults.add()
      this.onfault?.(fault, this.#faults.total())
      if (tooMany) this.fail('broke the protocol again and again')
    }
    if (message) this.#deliver(message)
  }

  /** The SDK hears of progress a turn later, and of none once the answer is there: one that came in the same chunk waits. */
  #deliver(message: JSONRPCMessage): void {
    if ('method' in message) this.onmessage?.(message)
    else queueMicrotask(() => this.onmessage?.(message))
  }

  #ended(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#draining)
    clearTimeout(this.#ending)
    this.#pace?.stop()
    this.#lines.stop()
    this.#tail?.stop()
    this.#process?.stdin.destroy()
    this.#process?.stdout.destroy()
    this.#process?.stderr.destroy()
    this.onclose?.()
  }
}
