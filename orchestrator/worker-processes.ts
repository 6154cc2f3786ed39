import { join } from 'node:path'
import type { Config } from './config.ts'
import { type KeptProcesses, keepProcesses } from './keep-processes.ts'

/** Starts worker processes beside this one, which tell of their runs as this one does. */
export function startWorkerProcesses(
  config: Config,
  count: number,
  { runs, json }: { runs: number; json: boolean },
): KeptProcesses {
  const main = join(config.root, 'orchestrator', 'main.ts')
  const args = [main, 'start', '--tied', '--runs', String(runs), ...(json ? ['--json'] : [])]
  const { invocationFolder: cwd, environment: env } = config
  return keepProcesses({ command: process.execPath, args, cwd, env }, count)
}
