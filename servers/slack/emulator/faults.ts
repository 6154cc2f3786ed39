import { type Faults, openFaults } from '../../../shared/capability/emulator-faults.ts'

/** Bad days that can be rehearsed: two answers "too many requests"; a revoked token; one message whose reply is lost. */
export type SlackFaults = Faults<'limited' | 'revoked' | 'lost'>

export function openSlackFaults(): SlackFaults {
  return openFaults({ limited: 2, revoked: Number.POSITIVE_INFINITY, lost: 1 })
}
