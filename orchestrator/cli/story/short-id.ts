/** As much of a run's id as tells runs apart: its time to the millisecond. Those of sub-goals started at once differ later. */
export function shortId(runId: string): string {
  return runId.slice(0, 13)
}
