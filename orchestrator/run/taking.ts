import type { Draft } from '../model/event.ts'
import type { RunStatus } from '../model/run.ts'
import { apply, type Situation } from '../model/situation.ts'
import type { Parts } from './parts.ts'

/** What of a run is in the table of runs, beside its events. */
export interface RunChange {
  status: RunStatus
  wake_at: string | null
}

/**
 * A situation that takes drafts ahead of their append, so that what follows from one goes into the same append. It is thrown
 * away when the append fails.
 */
export class Taking {
  readonly situation: Situation
  private readonly clock: Parts['clock']
  private stored: Partial<RunChange> = {}

  constructor(situation: Situation, clock: Parts['clock']) {
    this.situation = situation
    this.clock = clock
  }

  one(draft: Draft): Draft {
    apply(this.situation, { ...draft, seq: this.situation.seq + 1, at: this.clock.now().toISOString() })
    return draft
  }

  /** Takes each before the next is made. */
  all(drafts: Iterable<Draft>): Draft[] {
    return Array.from(drafts, (draft) => this.one(draft))
  }

  /** What of a change is not stored yet. */
  newIn({ status, wake_at }: RunChange): Partial<RunChange> {
    return {
      ...(status === this.stored.status ? {} : { status }),
      ...(wake_at === this.stored.wake_at ? {} : { wake_at }),
    }
  }

  recorded(change: RunChange): void {
    this.stored = change
  }
}
