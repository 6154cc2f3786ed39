/** What of the host's own tree a process needs to run at all. */
export interface HostLayout {
  /** `/lib` and the like: where it is a link, its target. */
  roots: readonly { path: string; target?: string }[]
}

export interface BwrapPolicy {
  layout: HostLayout
  reads: readonly string[]
  writes: readonly string[]
  /** Files that are seen inside under another name. */
  files: readonly { path: string; inside: string }[]
  cwd: string
  scratchBytes: number
  /** Whether this bwrap knows `--disable-userns`. */
  disableUserns: boolean
}

/** Configuration that programs read, of no secrets: certificates, and where libraries lie. */
const etc = ['/etc/ssl', '/etc/pki', '/etc/ca-certificates', '/etc/ld.so.cache', '/etc/alternatives', '/etc/localtime']

/**
 * The arguments of bubblewrap for a policy: every namespace of its own, nothing of the host but what is named, nothing
 * writable but what is named and a scratch of bounded size, and an end with whoever started it.
 */
export function bwrapArguments(policy: BwrapPolicy): string[] {
  const { layout, reads, writes, files, cwd, scratchBytes, disableUserns } = policy
  return [
    ...['--unshare-all', '--unshare-user', ...(disableUserns ? ['--disable-userns'] : [])],
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--uid', '65534', '--gid', '65534'],
    ...['--hostname', 'jail'],
    ...layout.roots.flatMap(({ path, target }) =>
      target === undefined ? ['--ro-bind-try', path, path] : ['--symlink', target, path],
    ),
    ...etc.flatMap((path) => ['--ro-bind-try', path, path]),
    ...files.flatMap(({ path, inside }) => ['--ro-bind', path, inside]),
    ...['--proc', '/proc', '--dev', '/dev', '--remount-ro', '/dev'],
    ...['--size', String(scratchBytes), '--tmpfs', '/tmp'],
    // After /tmp: what is granted may lie below it.
    ...reads.flatMap((path) => ['--ro-bind-try', path, path]),
    ...writes.flatMap((path) => ['--bind', path, path]),
    ...['--remount-ro', '/', '--chdir', cwd],
    '--',
  ]
}
