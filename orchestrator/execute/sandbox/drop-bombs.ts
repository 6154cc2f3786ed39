import { bombs, type Observation } from './attack.ts'
import { inEmptyJail, type JailKind } from './empty-jail.ts'
import { JailError } from './jail-error.ts'

/** So much more than granted is too much; what is granted in MiB is not cut to the page. */
const slackMb = 64

/** Goes for more memory and more processes than granted, in jails of their own, and says what became of it. */
export async function dropBombs(kind: JailKind): Promise<Observation[]> {
  return Promise.all(bombs.map((bomb) => dropBomb(bomb, kind)))
}

/** Held where the jail ends of it, or where there was no more to be had. */
function dropBomb(bomb: (typeof bombs)[number], kind: JailKind): Promise<Observation> {
  const { memory_mb, processes } = kind.limits
  const most = bomb === 'exceed_memory' ? memory_mb + slackMb : processes
  return inEmptyJail(kind, async ({ gate, ended }) => {
    gate.tell({ say: 'bomb', bomb, beyond: most })
    try {
      const { amount } = await gate.hear('reached')
      return { attack: bomb, held: amount < most, met: `reached ${amount}` }
    } catch (error) {
      if (!(error instanceof JailError) || !gate.closed()) throw error
      return { attack: bomb, held: true, met: ended() ?? 'was ended' }
    }
  })
}
