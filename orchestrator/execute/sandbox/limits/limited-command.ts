import type { JailLimits } from '../../../../shared/manifest.ts'
import type { Wrapped } from '../driver.ts'
import type { Holding } from './limiter.ts'

/** ulimit(1p): files are measured in blocks of this size. */
const blockBytes = 512

/** The command, from within its limits: a shell enters them, sets those of each process, and becomes the command. */
export function limitedCommand(
  wrapped: Pick<Wrapped, 'command' | 'args'>,
  { enter, prefix }: Holding,
  { open_files, scratch_mb }: JailLimits,
): { command: string; args: string[] } {
  if (process.platform === 'win32') return wrapped
  const blocks = (scratch_mb * 1_024 * 1_024) / blockBytes
  const words = [...enter, `ulimit -c 0`, `ulimit -n ${open_files}`, `ulimit -f ${blocks}`, 'exec "$@"'].join(' && ')
  const [command = '/bin/sh', ...args] = [...prefix, '/bin/sh', '-c', words, 'sh', wrapped.command, ...wrapped.args]
  return { command, args }
}
