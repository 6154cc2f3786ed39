import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { ProcessUse } from './process-tree.ts'

const execute = promisify(execFile)

/** Every process that can be seen. */
export async function listProcesses(): Promise<ProcessUse[]> {
  if (process.platform === 'linux') return listOnLinux()
  const { stdout } = await execute('ps', ['-axo', 'pid=,ppid=,rss='], { env: { PATH: '/usr/bin:/bin' } })
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, kibibytes] = line.trim().split(/\s+/).map(Number)
    if (!pid || parent === undefined || kibibytes === undefined) return []
    return [{ pid, parent, residentPages: kibibytes / 4, tasks: 1 }]
  })
}

/** proc(5): after the name in brackets come the state, the parent (4), …, the threads (20), …, the resident pages (24). */
async function listOnLinux(): Promise<ProcessUse[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
      if (stat === undefined) return []
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const [parent, tasks, residentPages] = [fields[1], fields[17], fields[21]].map(Number)
      return [{ pid: Number(pid), parent: parent ?? 0, tasks: tasks ?? 1, residentPages: residentPages ?? 0 }]
    }),
  )
  return found.flat()
}
