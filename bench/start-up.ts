import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readConfig } from '../orchestrator/config.ts'
import { type Home, openHome } from '../orchestrator/home/home.ts'
import { joinHome } from '../orchestrator/home/shared-process.ts'
import { ensurePostgres } from '../orchestrator/record/embedded-postgres.ts'
import { removePlacedData } from '../test/support/placed-data.ts'
import { root } from './ledger.ts'
import { median, timed } from './measure.ts'
import type { Part } from './part.ts'

const execute = promisify(execFile)

/** How long people wait for a command. */
export const startUp: Part = {
  name: 'start-up',
  about: 'how long a command takes, in a new home, in one that was used before, and in one that is in use',
  async run(_stage, { quick }) {
    const folder = join(readConfig().home, 'bench-start-up')
    const home = openHome(folder)
    await remove(home)
    openHome(folder)
    const remit = (...args: string[]) =>
      timed(() =>
        execute(process.execPath, ['orchestrator/main.ts', ...args], {
          cwd: root,
          env: { ...process.env, REMIT_HOME: folder },
        }),
      )
    const several = async (times: number, work: () => Promise<number>) => {
      const measured: number[] = []
      for (let round = 0; round < times; round++) measured.push(await work())
      return median(measured)
    }
    const rounds = quick ? 1 : 5
    try {
      const rows = [
        { command: 'remit --help', home: 'not looked at', ms: await several(rounds, () => remit('--help')) },
      ]
      const runs = (state: string, ms: number) => rows.push({ command: 'remit runs', home: state, ms })
      runs('new: Postgres is made, started, migrated and stopped', await remit('runs', '--json'))
      runs('used before: Postgres is started and stopped', await several(rounds, () => remit('runs', '--json')))
      const membership = await joinHome(home)
      try {
        await ensurePostgres(membership, home)
        runs('in use: Postgres runs', await several(rounds, () => remit('runs', '--json')))
        if (!quick)
          rows.push({
            command: 'remit run onboard',
            home: 'in use: emulators and five servers are started and stopped, seven calls made',
            ms: await several(2, () => remit('run', 'onboard', '--input', 'examples/acme.json', '--json')),
          })
      } finally {
        await membership.leave()
      }
      return { tables: [{ title: 'From typing a command to its end', rows }], bars: [] }
    } finally {
      await remove(home)
    }
  },
}

/** Ends what a bench that was killed left running there, and removes it all. */
async function remove(home: Home): Promise<void> {
  const membership = await joinHome(home)
  await membership.leave()
  await removePlacedData(home)
  await rm(home.path, { recursive: true, force: true })
}
