import { type Faults, openFaults } from '../../../shared/capability/emulator.ts'
import type { faults } from '../faults.ts'

export type SlackFaults = Faults<keyof typeof faults>

export function openSlackFaults(): SlackFaults {
  return openFaults({ limited: 2, revoked: Number.POSITIVE_INFINITY, lost: 1 })
}
