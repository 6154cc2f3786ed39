/** Bad days that can be rehearsed: two answers "too many requests"; a revoked token; one message whose reply is lost. */
export const faultModes = ['limited', 'revoked', 'lost'] as const
export type FaultMode = (typeof faultModes)[number]

/** The armed fault; `take` counts its uses, so that it ends by itself where it is meant to. */
export interface Faults {
  arm(mode: FaultMode | null): void
  armed(): FaultMode | null
  /** True when the fault strikes now. */
  take(mode: FaultMode): boolean
}

/** How often each fault strikes before it is over. */
const strikes = { limited: 2, revoked: Number.POSITIVE_INFINITY, lost: 1 } satisfies Record<FaultMode, number>

export function openFaults(): Faults {
  let current: { mode: FaultMode; left: number } | null = null
  return {
    arm(mode) {
      current = mode && { mode, left: strikes[mode] }
    },
    armed: () => current?.mode ?? null,
    take(mode) {
      if (current?.mode !== mode) return false
      current.left -= 1
      if (current.left === 0) current = null
      return true
    },
  }
}
