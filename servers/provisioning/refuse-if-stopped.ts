import { CapabilityError } from '../../shared/capability/index.ts'

/** Between two steps: goes no further where nobody waits any more, or somebody else may be at work. `what` ends "Stopped before". */
export function refuseIfStopped(signal: AbortSignal, what: string): void {
  if (signal.aborted) throw new CapabilityError('unavailable', `Stopped before ${what}.`)
}
