import type { OpenRecord } from './record/open-record.ts'

/** Waits for runs to grow, whoever writes them. */
export interface GrowthWaits {
  /** Resolves when the run may have grown, after `ms`, or when the signal aborts, whichever comes first. */
  untilGrown(runId: string, options: { ms: number; signal: AbortSignal }): Promise<void>
  close(): Promise<void>
}

/** One listener for all who wait in this process. */
export async function openGrowthWaits({
  growth,
}: {
  growth: Pick<OpenRecord['growth'], 'listen'>
}): Promise<GrowthWaits> {
  const waiting = new Set<{ runId: string; wake(): void }>()
  const listening = await growth.listen((runId) => {
    for (const wait of [...waiting]) if (runId === undefined || runId === wait.runId) wait.wake()
  })
  return {
    untilGrown(runId, { ms, signal }) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const wait = { runId, wake: resolve }
      const timer = setTimeout(resolve, ms)
      waiting.add(wait)
      const giveUp = () => resolve()
      if (signal.aborted) giveUp()
      else signal.addEventListener('abort', giveUp, { once: true })
      return promise.finally(() => {
        clearTimeout(timer)
        // Who waits long looks again and again under one signal.
        signal.removeEventListener('abort', giveUp)
        waiting.delete(wait)
      })
    },
    close: () => listening.close(),
  }
}
