/** Where a run is in its life; the last three are final. */
export const runStatuses = ['queued', 'running', 'waiting', 'compensating', 'succeeded', 'failed', 'cancelled'] as const
export type RunStatus = (typeof runStatuses)[number]

/** True once nothing about the run can change any more. */
export function isFinal(status: RunStatus): status is 'succeeded' | 'failed' | 'cancelled' {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled'
}

/** Whose run it is: on whose behalf it acts, and whose data it may touch. */
export interface Owner {
  tenant: string
  principal: string
}
