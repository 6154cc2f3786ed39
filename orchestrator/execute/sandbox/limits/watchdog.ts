import { readFile } from 'node:fs/promises'
import { bombs } from '../attack.ts'
import type { Limiter } from './limiter.ts'
import { listProcesses } from './list-processes.ts'
import { type ProcessUse, treeOf, usedBy } from './process-tree.ts'

const lookEveryMs = 100
const pageBytes = 4_096

/**
 * Looks at a jail's processes again and again, and ends a jail that takes more than it was granted: after the fact, so that
 * the machine may feel it for a moment. For where nothing better is to be had.
 */
export function watchdogLimiter(): Limiter {
  return {
    name: 'watchdog',
    stops: bombs,
    limitsCpu: false,
    async hold(limits) {
      const most = { bytes: limits.memory_mb * 1_024 * 1_024, tasks: limits.processes }
      let timer: NodeJS.Timeout | undefined
      let over = false
      const look = async (pid: number, kill: (why: string) => void) => {
        const tree = treeOf(pid, await listProcesses())
        const { bytes, tasks } = usedBy(tree)
        if (over) return
        if (tasks > most.tasks) return kill(`started ${tasks} processes and threads; ${most.tasks} are granted`)
        // Pages that processes share count once; finding that out costs more, and is only needed near the limit.
        if (bytes > most.bytes && (await proportional(tree)) > most.bytes)
          return kill(`took more than ${limits.memory_mb} MiB of memory`)
        timer = setTimeout(() => void look(pid, kill), lookEveryMs).unref()
      }
      return {
        prefix: [],
        enter: [],
        watch: (pid, kill) => void look(pid, kill),
        async release() {
          over = true
          clearTimeout(timer)
        },
      }
    },
  }
}

/** The proportional set size; where the kernel does not tell it, the resident one. */
async function proportional(tree: readonly ProcessUse[]): Promise<number> {
  const sizes = await Promise.all(
    tree.map(async ({ pid, residentPages }) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
      const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]
      return kibibytes === undefined ? residentPages * pageBytes : Number(kibibytes) * 1_024
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
