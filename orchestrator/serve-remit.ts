import { reserveStdout } from '../shared/capability/reserve-stdout.ts'
import { type HostSession, InputError, type OpenOptions, type Remit } from './cli/remit.ts'
import type { Config } from './config.ts'
import { stopUnusedAfterDeath } from './stop-unused-after-death.ts'

/** Runs that are pursued at once beside the host's own calls. */
const mostRuns = 8
/** How long calls in flight may take to come to rest once the host has gone: hosts kill what stays for longer. */
const graceMs = 1_500

export interface ServeRemitOptions extends Pick<OpenOptions, 'signal'> {
  open(options: OpenOptions): Promise<Remit>
  /** Whether somebody has yet to agree to go live. */
  isToAgree(): Promise<boolean>
  tell(line: string): void
}

/** Serves Remit itself to the host at stdin and stdout: goals, runs and every tool; what it starts is pursued here. */
export async function serveRemit(
  config: Config,
  { open, isToAgree, signal, tell }: ServeRemitOptions,
): Promise<HostSession> {
  const out = reserveStdout()
  if (await isToAgree()) throw new InputError('Nobody has agreed to go live with these accounts on this REMIT_HOME')
  await using opening = new AsyncDisposableStack()
  const killed = stopUnusedAfterDeath(config)
  opening.defer(() => killed.callOff())
  const troubled = (what: string, error: unknown) =>
    tell(`${what}: ${error instanceof Error ? error.message : String(error)}`)
  const remit = await open({ servers: true, ...(signal && { signal }) })
  opening.defer(() => remit.close())
  const worker = remit.work({
    most: mostRuns,
    watch: () => ({}),
    onTrouble: (error, runId) => troubled(runId === undefined ? 'worker' : `run ${runId}`, error),
  })
  opening.defer(() => worker.close(graceMs))
  const served = await remit.serveMcp({ out, onDefect: troubled })
  opening.defer(() => served.close())
  const opened = opening.move()
  return { recorded: { home: config.home }, ended: served.ended, close: () => opened.disposeAsync() }
}
