import { setTimeout as sleep } from 'node:timers/promises'
import type { Launch } from '../launch.ts'
import type { JailedStart } from '../sandbox/jailer.ts'
import { startServerProcess } from '../server-process.ts'

/** How a program ended: `exit code 0`, a signal, or why it was ended; and the last that it said. */
export interface Ran {
  ending: string
  said: string
}

export interface RunOptions {
  jail: (launch: Launch) => Promise<JailedStart>
  signal?: AbortSignal | undefined
  /** How long it may take. */
  ms: number
}

const leaveMs = 2_000
const mostSaid = 16_384

/** Runs a program to its end in a jail that has proved itself, and leaves nothing of it. Throws the signal's reason. */
export async function runInJail(launch: Launch, { jail, signal, ms }: RunOptions): Promise<Ran> {
  signal?.throwIfAborted()
  const start = await jail(launch)
  const over = new AbortController()
  try {
    const running = startServerProcess({ ...start.launch, channel: true }, leaveMs)
    let killed: string | undefined
    let said = ''
    const kill = (why: string) => {
      killed ??= why
      running.kill()
    }
    const hear = (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-mostSaid)
    }
    running.stdout.on('data', hear)
    running.stderr.on('data', hear)
    running.stdin.on('error', () => undefined)
    signal?.addEventListener('abort', () => kill('was interrupted'), { once: true, signal: over.signal })
    void sleep(ms, undefined, { signal: over.signal, ref: false }).then(
      () => kill(`took longer than ${ms / 1_000} s`),
      () => undefined,
    )
    try {
      await running.started
      if (!running.channel || running.pid === undefined) throw new Error('there is no pipe to its jail')
      await start.admit({ pid: running.pid, channel: running.channel, kill })
      await running.closed
    } finally {
      running.kill()
      await running.gone
    }
    signal?.throwIfAborted()
    return { ending: killed ?? running.ending() ?? 'did not end', said }
  } finally {
    over.abort()
    await start.release()
  }
}
