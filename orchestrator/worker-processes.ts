import { ownModule } from '../shared/own-package.ts'
import type { Config } from './config.ts'
import { type KeptProcesses, keepProcesses } from './keep-processes.ts'

/** Starts worker processes beside this one, which tell of their runs as this one does. */
export function startWorkerProcesses(
  config: Config,
  count: number,
  { runs, json }: { runs: number; json: boolean },
): KeptProcesses {
  const args = [ownModule('orchestrator/main'), 'start', '--tied', '--runs', String(runs), ...(json ? ['--json'] : [])]
  const { invocationFolder: cwd, environment, root } = config
  const env = { ...environment, REMIT_PROJECT: root }
  return keepProcesses({ command: process.execPath, args, cwd, env }, count)
}
