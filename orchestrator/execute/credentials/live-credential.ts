import { type Environment, type Found, readSource, revisionOf, type Source } from './read-source.ts'

/** A credential that is read when it is needed, so that a new value at its source is used without a restart. */
export interface LiveCredential {
  /** The value as the source gives it now, or gave it a moment ago. */
  current(): Promise<Found>
  /**
   * The vendor refused this value: the next use asks the source again. A command is asked for this reason once in
   * {@link refusalRestMs} at most: what is refused for another reason must not make a password manager ask its owner without end.
   */
  refused(value: string): void
  /** The values that were given last, so that none of them is ever shown. */
  seen(): readonly string[]
}

/** How long the answer of a command is used; a file is looked at each time, which costs next to nothing. */
const commandAnswerMs = 60_000
const refusalRestMs = 10_000
/** Some commands print another token each time; every one has to be looked for in all that comes back. */
const mostSeen = 20

interface Held {
  value: string
  revision: string | undefined
  at: number
}

/** Only the source is kept at first: nothing is read before the first use. */
export function liveCredential(source: Source, environment: Environment, now: () => number = Date.now): LiveCredential {
  const seen = new Set<string>()
  let held: Held | undefined
  let asking: Promise<Found> | undefined
  let refusedAt = Number.NEGATIVE_INFINITY

  async function isCurrent({ revision, at }: Held): Promise<boolean> {
    const there = await revisionOf(source)
    return there === undefined ? now() - at < commandAnswerMs : there === revision
  }

  function ask(): Promise<Found> {
    const asked = read().then(({ found, ...when }) => {
      // One that was asked before a refusal may bring what was refused: the one after it counts.
      if (asking === asked) {
        asking = undefined
        held = 'value' in found ? { value: found.value, ...when } : undefined
      }
      if ('value' in found) remember(found.value)
      return found
    })
    asking = asked
    return asked
  }

  /** The revision is taken first: a change in between is then seen the next time. */
  async function read(): Promise<Omit<Held, 'value'> & { found: Found }> {
    const [revision, at] = [await revisionOf(source), now()]
    return { revision, at, found: await readSource(source, environment) }
  }

  function remember(value: string): void {
    seen.delete(value)
    seen.add(value)
    const [oldest] = seen
    if (seen.size > mostSeen && oldest !== undefined) seen.delete(oldest)
  }

  return {
    async current() {
      const kept = held
      if (kept && (await isCurrent(kept)) && held === kept) return { value: kept.value }
      return asking ?? ask()
    },
    refused(value) {
      // Who was refused an older one has only to ask again.
      if (held?.value !== value || now() - refusedAt < refusalRestMs) return
      refusedAt = now()
      held = undefined
      asking = undefined
    },
    seen: () => [...seen],
  }
}
