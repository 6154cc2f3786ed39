/** Where a run is in its life; the last three are final. */
export const runStatuses = ['queued', 'running', 'waiting', 'compensating', 'succeeded', 'failed', 'cancelled'] as const
export type RunStatus = (typeof runStatuses)[number]

/** Whose run it is: on whose behalf it acts, and whose data it may touch. */
export interface Owner {
  tenant: string
  principal: string
}
