/** A process as the host sees it. */
export interface ProcessUse {
  pid: number
  parent: number
  residentPages: number
  /** Threads, the first included. */
  tasks: number
}

const pageBytes = 4_096

/** A process and all that came of it. */
export function treeOf(root: number, all: readonly ProcessUse[]): ProcessUse[] {
  const children = Map.groupBy(all, ({ parent }) => parent)
  const found = all.filter(({ pid }) => pid === root)
  for (const { pid } of found) found.push(...(children.get(pid) ?? []))
  return found
}

export function usedBy(tree: readonly ProcessUse[]): { bytes: number; tasks: number } {
  return {
    bytes: tree.reduce((sum, { residentPages }) => sum + residentPages * pageBytes, 0),
    tasks: tree.reduce((sum, { tasks }) => sum + tasks, 0),
  }
}
