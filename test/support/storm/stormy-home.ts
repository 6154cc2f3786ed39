import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import type { Remit, Workplace } from '../../../orchestrator/cli/remit.ts'
import { readConfig } from '../../../orchestrator/config.ts'
import { openHome } from '../../../orchestrator/home/home.ts'
import { joinHome } from '../../../orchestrator/home/shared-process.ts'
import { openWorkplace } from '../../../orchestrator/open-workplace.ts'
import { ensurePostgres } from '../../../orchestrator/record/embedded-postgres.ts'
import { withUrl } from '../../../shared/postgres/with-url.ts'
import { removePlacedData } from '../placed-data.ts'
import { processesOf, root } from '../remit-command.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { Blow } from './blows.ts'
import { Crew } from './crew.ts'
import { impatientCatalogue } from './impatient-catalogue.ts'
import { patiently } from './patiently.ts'

/** A home with worker processes, emulators and a Postgres, all of which may be killed. */
export interface StormyHome {
  path: string
  workplace: Workplace
  /** The record, seen from a process that nobody kills. */
  remit: Remit
  /** The superuser's, on Remit's database. */
  sql: Sql
  crew: Crew
  /** Kills one process, and says which; undefined where there is none of the kind. */
  strike(blow: Blow): Promise<number | undefined>
  /** Ends everything that works for the home. Returns what is wrong then, one sentence each: with the record, or processes left. */
  close(): Promise<string[]>
}

export async function openStormyHome({ workers }: { workers: number }): Promise<StormyHome> {
  await using opening = new AsyncDisposableStack()
  const folder = await temporaryFolder('remit-storm-')
  opening.defer(folder.remove)
  const path = join(folder.path, 'home')
  const home = openHome(path)
  opening.defer(() => removePlacedData(home))
  const catalogue = impatientCatalogue(readFileSync(join(root, 'servers', 'manifest.json'), 'utf8'))
  const workplace = openWorkplace(readConfig({ REMIT_HOME: path }), catalogue)
  const membership = await joinHome(home)
  opening.defer(() => membership.leave())
  const remit = await workplace.open({ servers: false })
  opening.defer(() => remit.close())
  const { adminUrl } = await ensurePostgres(membership, home)
  const sql = postgres(withUrl(adminUrl, { database: 'remit' }), { max: 1, onnotice: () => {} })
  opening.defer(() => sql.end({ timeout: 5 }))
  const crew = new Crew(path, workers)
  opening.defer(() => crew.stop())
  await crew.ready()

  const pidsOf = async (victim: Blow['victim']): Promise<number[]> => {
    if (victim === 'worker') return crew.pids()
    if (victim === 'server') return crew.serverPids()
    const { services } = await membership.status()
    const isMeant = (name: string) => (victim === 'postgres' ? name === 'postgres' : name.startsWith('emulator-'))
    return services.filter(({ name }) => isMeant(name)).map(({ pid }) => pid)
  }
  const opened = opening.move()
  return {
    path,
    workplace,
    remit,
    sql,
    crew,
    async strike({ victim, which }) {
      const pids = await pidsOf(victim)
      const pid = pids[Math.floor(which * pids.length)]
      if (pid !== undefined) kill(pid)
      return pid
    },
    async close() {
      await crew.stop()
      const { problems } = await patiently(() => remit.verify())
      await opened.disposeAsync()
      const left = processesOf(path)
      return [
        ...left.map((text) => `a process is left: ${text}`),
        ...problems.map(({ run_id, what }) => `the record of ${run_id}: ${what}`),
      ]
    },
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
