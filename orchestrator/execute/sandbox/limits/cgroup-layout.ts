/** Where new groups can be made for each of the controllers that limit a jail. */
export interface CgroupLayout {
  version: 1 | 2
  /** Controller → folder whose children are the groups; for version 2 it is one folder for all. */
  folders: { memory: string; pids: string; cpu?: string }
}

/** Where this process is, and what is mounted, in the words of /proc/self/cgroup and /proc/self/mounts. */
export interface CgroupWords {
  membership: string
  mounts: string
}

/**
 * The layouts to try, best first. In version 2 a group that has processes cannot hand controllers on, so that our own group
 * only serves where nobody is in it, and otherwise the root of what is mounted does.
 */
export function cgroupLayouts({ membership, mounts }: CgroupWords): CgroupLayout[] {
  const own = new Map(
    membership.split('\n').flatMap((line) => {
      const [, controllers = '', path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
      return path === undefined ? [] : controllers.split(',').map((name): [string, string] => [name, path])
    }),
  )
  const mounted = mounts.split('\n').map((line) => line.split(' '))
  const one = mounted.find(([, , type]) => type === 'cgroup2')?.[1]
  const second: CgroupLayout[] =
    one === undefined
      ? []
      : [join(one, own.get('') ?? '/'), one].map((folder) => ({
          version: 2,
          folders: { memory: folder, pids: folder, cpu: folder },
        }))
  const folderOf = (controller: string) => {
    const mount = mounted.find(
      ([, , type, options = '']) => type === 'cgroup' && options.split(',').includes(controller),
    )
    return mount?.[1] === undefined ? [] : [join(mount[1], own.get(controller) ?? '/'), mount[1]]
  }
  const [memory = [], pids = [], cpu = []] = ['memory', 'pids', 'cpu'].map(folderOf)
  const first = [0, 1].flatMap((index): CgroupLayout[] => {
    const [inMemory, inPids, inCpu] = [memory[index], pids[index], cpu[index]]
    if (inMemory === undefined || inPids === undefined) return []
    return [{ version: 1, folders: { memory: inMemory, pids: inPids, ...(inCpu !== undefined && { cpu: inCpu }) } }]
  })
  return [...second, ...first]
}

/** A mount inside a container may already begin at the process's own group. */
function join(mount: string, path: string): string {
  return path === '/' || path.startsWith('/..') ? mount : `${mount}${path}`
}
