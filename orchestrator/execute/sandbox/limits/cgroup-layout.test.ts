import { expect, test } from 'vitest'
import { cgroupLayouts } from './cgroup-layout.ts'
import { cgroupSettings } from './cgroup-settings.ts'

const limits = { memory_mb: 256, processes: 64, cpu: 0.5, open_files: 256, scratch_mb: 64, output_mb: 4 }

test('version 2: our own group first, then the root of what is mounted', () => {
  const layouts = cgroupLayouts({
    membership: '0::/user.slice/session-1.scope\n',
    mounts: 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n',
  })
  expect(layouts.map(({ folders }) => folders.memory)).toEqual([
    '/sys/fs/cgroup/user.slice/session-1.scope',
    '/sys/fs/cgroup',
  ])
})

test('version 1: each controller where it is mounted, and as deep as we are in it', () => {
  const [own] = cgroupLayouts({
    membership: '8:pids:/\n4:memory:/app/1\n1:cpu,cpuacct:/app\n0::/\n',
    mounts: [
      'cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0',
      'cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0',
      'cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0',
    ].join('\n'),
  })
  expect(own).toEqual({
    version: 1,
    folders: {
      memory: '/sys/fs/cgroup/memory/app/1',
      pids: '/sys/fs/cgroup/pids',
      cpu: '/sys/fs/cgroup/cpu,cpuacct/app',
    },
  })
})

test('a machine without control groups has no layout', () => {
  expect(cgroupLayouts({ membership: '', mounts: 'proc /proc proc rw 0 0' })).toEqual([])
})

test.each([
  [2, { 'memory.max': '268435456', 'pids.max': '64', 'cpu.max': '50000 100000', 'memory.swap.max': '0' }],
  [1, { 'memory.limit_in_bytes': '268435456', 'pids.max': '64', 'cpu.cfs_quota_us': '50000' }],
] as const)('version %i is told every limit in its own words', (version, expected) => {
  const files = Object.fromEntries(cgroupSettings(limits, version).map(({ file, value }) => [file, value]))
  expect(files).toMatchObject(expected)
})
