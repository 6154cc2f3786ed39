import { setTimeout as sleep } from 'node:timers/promises'
import { orAborted } from './patience.ts'

/** Tool name → why it may not be called. */
export type Quarantine = ReadonlyMap<string, string>

/** Keeps in view which tools a server still offers as they were reviewed. */
export interface ToolsInView {
  /**
   * As the last look showed it. Where a change was told since, or that look is old, the next one is waited for; rejects when
   * the signal aborts first.
   */
  quarantine(signal: AbortSignal): Promise<Quarantine>
  /** As the last look showed it. */
  seen(): Quarantine
  /** Something may have changed: the server is looked at again, at most once in a while however often this is said. */
  changed(): void
}

export interface FollowOptions {
  look: () => Promise<Quarantine>
  first: Quarantine
  /** Between two looks, at least; up to ten times as long where a look takes long. */
  restMs: number
  /** How long a look is good for: not every server tells of changes. */
  goodForMs: number
  /** Aborts when the connection ends. */
  ended: AbortSignal
  onChange(quarantine: Quarantine): void
  /** The server does not tell its tools any more. */
  onFailure(error: unknown): void
}

const restFactor = 10

export function followTools(options: FollowOptions): ToolsInView {
  const { look, first, restMs, goodForMs, ended, onChange, onFailure } = options
  let seen = first
  let seenAt = performance.now()
  // A look that began before a change was told may not show it: changes are numbered, and a look shows those told before it.
  let told = 0
  let shown = 0
  let looking = false
  let looked = Promise.withResolvers<void>()

  async function lookUntilAllIsShown(): Promise<void> {
    looking = true
    try {
      while (shown < told && !ended.aborted) {
        const upTo = told
        const before = seen
        const began = performance.now()
        seen = await look()
        seenAt = performance.now()
        shown = upTo
        looked.resolve()
        looked = Promise.withResolvers()
        if (!isSame(before, seen)) onChange(seen)
        const rest = Math.min(Math.max(restMs, restFactor * (seenAt - began)), restFactor * restMs)
        await sleep(rest, undefined, { signal: ended, ref: false }).catch(() => {})
      }
    } finally {
      looking = false
    }
  }

  function changed(): void {
    told += 1
    if (looking) return
    lookUntilAllIsShown().catch((error: unknown) => {
      if (!ended.aborted) onFailure(error)
    })
  }

  ended.addEventListener('abort', () => looked.resolve(), { once: true })

  return {
    async quarantine(signal) {
      if (shown === told && performance.now() - seenAt > goodForMs) changed()
      for (const needed = told; shown < needed; ) {
        if (ended.aborted) throw ended.reason
        await orAborted(looked.promise, signal)
      }
      return seen
    },
    seen: () => seen,
    changed,
  }
}

function isSame(a: Quarantine, b: Quarantine): boolean {
  return a.size === b.size && [...a].every(([tool, why]) => b.get(tool) === why)
}
