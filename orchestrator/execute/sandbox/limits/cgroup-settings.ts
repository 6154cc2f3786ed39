import type { JailLimits } from '../../../../shared/manifest.ts'
import type { CgroupLayout } from './cgroup-layout.ts'

/** A file of a group, and what is written to it. */
export interface CgroupSetting {
  controller: 'memory' | 'pids' | 'cpu'
  file: string
  value: string
  /** Not there on every kernel. */
  optional?: boolean
}

const periodUs = 100_000

/** What is written to a group's files so that it holds these limits. Swap is none: it would be memory by another name. */
export function cgroupSettings(
  { memory_mb, processes, cpu }: JailLimits,
  version: CgroupLayout['version'],
): CgroupSetting[] {
  const bytes = String(memory_mb * 1_024 * 1_024)
  const quotaUs = String(Math.round(cpu * periodUs))
  if (version === 2)
    return [
      { controller: 'memory', file: 'memory.max', value: bytes },
      { controller: 'memory', file: 'memory.swap.max', value: '0', optional: true },
      { controller: 'memory', file: 'memory.oom.group', value: '1', optional: true },
      { controller: 'pids', file: 'pids.max', value: String(processes) },
      { controller: 'cpu', file: 'cpu.max', value: `${quotaUs} ${periodUs}` },
    ]
  return [
    { controller: 'memory', file: 'memory.limit_in_bytes', value: bytes },
    { controller: 'memory', file: 'memory.memsw.limit_in_bytes', value: bytes, optional: true },
    { controller: 'memory', file: 'memory.swappiness', value: '0', optional: true },
    { controller: 'pids', file: 'pids.max', value: String(processes) },
    { controller: 'cpu', file: 'cpu.cfs_period_us', value: String(periodUs) },
    { controller: 'cpu', file: 'cpu.cfs_quota_us', value: quotaUs },
  ]
}
