/** Counts breaches of the protocol. */
export interface FaultCount {
  /** Counts one more; true once there are too many within the window. */
  add(): boolean
  total(): number
}

export function countFaults({ faults, faultWindowMs }: { faults: number; faultWindowMs: number }): FaultCount {
  let total = 0
  let inWindow = 0
  let windowEnds = 0
  return {
    add() {
      const now = performance.now()
      if (now >= windowEnds) {
        inWindow = 0
        windowEnds = now + faultWindowMs
      }
      total += 1
      inWindow += 1
      return inWindow > faults
    },
    total: () => total,
  }
}
