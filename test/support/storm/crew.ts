import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../remit-command.ts'

/** How long a worker that ended stays away. */
const restartMs = 300
const keptLines = 60

/** What each worker process is: the one line to change where workers are started in another way. */
const command = ['test/chaos/fixtures/impatient-remit.ts', 'start', '--tied', '--json']

/** Worker processes of `remit start` that are started again whenever one ends, as an operator's supervisor does. */
export class Crew {
  private readonly home: string
  private readonly size: number
  private readonly live = new Set<ChildProcess>()
  private readonly said: string[] = []
  private stopping = false

  constructor(home: string, size: number) {
    this.home = home
    this.size = size
    for (let index = 0; index < size; index++) this.hire()
  }

  pids(): number[] {
    return [...this.live].flatMap(({ pid }) => pid ?? [])
  }

  /** The capability servers of all workers and their jails, by pid, however deep below the worker. Linux only. */
  serverPids(): number[] {
    const parents = new Map(
      readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? [[Number(entry), parentOf(entry)] as const] : [])),
    )
    const workers = new Set(this.pids())
    const isBelowWorker = (pid: number): boolean => {
      const parent = parents.get(pid)
      return parent !== undefined && (workers.has(parent) || isBelowWorker(parent))
    }
    return [...parents.keys()].filter((pid) => isBelowWorker(pid) && /servers\/\w+\/main\.ts/.test(commandOf(`${pid}`)))
  }

  /** Resolves once every worker pursues runs. */
  async ready(): Promise<void> {
    const isReady = () => this.said.filter((line) => line.includes('Ready')).length >= this.size
    while (!isReady()) await new Promise((resolve) => setTimeout(resolve, 50))
  }

  /** The last that the workers said. */
  lastWords(): string {
    return this.said.slice(-keptLines).join('\n')
  }

  /** Lets each end in its own way. */
  async stop(): Promise<void> {
    this.stopping = true
    await Promise.all(
      [...this.live].map((child) => {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.stdin?.end()
        const patience = setTimeout(() => child.kill('SIGKILL'), 60_000)
        return ended.then(() => clearTimeout(patience))
      }),
    )
  }

  private hire(): void {
    const { NODE_OPTIONS: _, ...inherited } = process.env
    const child = spawn(process.execPath, [...command], {
      cwd: root,
      env: { ...inherited, REMIT_HOME: this.home, NO_COLOR: '1' },
      // Tied to us: however this process ends, they do too.
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.live.add(child)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        const lines = text.split('\n').filter((line) => line !== '')
        this.said.push(...lines.map((line) => `${child.pid}: ${line.slice(0, 300)}`))
      })
    }
    child.once('exit', () => {
      this.live.delete(child)
      if (!this.stopping) setTimeout(() => this.stopping || this.hire(), restartMs)
    })
  }
}

function parentOf(pid: string): number {
  const stat = readText(join('/proc', pid, 'stat'))
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

function commandOf(pid: string): string {
  return readText(join('/proc', pid, 'cmdline')).replaceAll('\0', ' ')
}

/** Processes end while they are looked at. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
