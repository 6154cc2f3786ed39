import { setTimeout as sleep } from 'node:timers/promises'
import { openPool, type Pool } from '../../shared/postgres/pool.ts'
import { unlessUnavailable } from './patience.ts'

/** What is heard on a channel of Postgres. */
export interface Hearing {
  /** What Postgres shows of its connection, after `remit`. */
  name: string
  channel: string
  onNotice(payload: string): void
  /** It listens again after it could not: anything may have been said meanwhile. */
  onReconnected(): void
}

/** Listens until it is closed, over a direct connection of its own. Throws a RecordUnavailableError where it cannot begin. */
export async function listen(url: string, hearing: Hearing): Promise<{ close(): Promise<void> }> {
  const closing = new AbortController()
  let line = await unlessUnavailable(() => attend(url, hearing))
  const again = async (): Promise<void> => {
    for (let pauseMs = 50; !closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, 500)) {
      await sleep(pauseMs, undefined, { signal: closing.signal })
      const attended = await attend(url, hearing).catch(() => undefined)
      if (!attended) continue
      line = attended
      return closing.signal.aborted ? line.sql.end({ timeout: 0 }) : hearing.onReconnected()
    }
  }
  const keepListening = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await untilAborted(line.ended)
      await again()
    }
  }
  const kept = keepListening().catch(() => {})
  return {
    async close() {
      closing.abort()
      await line.sql.end({ timeout: 1 })
      await kept
    },
  }
}

async function attend(url: string, { name, channel, onNotice }: Hearing): Promise<Pool> {
  const line = openPool(url, { max: 1, name, onNotice })
  try {
    await line.sql.unsafe(`LISTEN ${channel}`)
    return line
  } catch (error) {
    void line.sql.end({ timeout: 0 })
    throw error
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
