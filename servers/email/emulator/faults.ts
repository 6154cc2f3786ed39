import { type Faults, openFaults } from '../../../shared/capability/emulator.ts'
import type { faults } from '../faults.ts'

export type MailFaults = Faults<keyof typeof faults>

export function openMailFaults(): MailFaults {
  return openFaults({ bounce: Number.POSITIVE_INFINITY, defer: 2, lost: 1 })
}
