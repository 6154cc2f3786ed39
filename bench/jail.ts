import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, connect } from '../orchestrator/execute/connection.ts'
import { openEraVerdicts } from '../orchestrator/execute/era-verdicts.ts'
import type { Launch } from '../orchestrator/execute/launch.ts'
import { defaultLimits } from '../orchestrator/execute/limits.ts'
import { jailedLaunch, workingDrivers } from '../test/support/jailed.ts'
import { ledger, ledgerScript } from './ledger.ts'
import { each, inTurn, median } from './measure.ts'
import type { BenchOptions, Part } from './part.ts'
import type { Bar, Table } from './report.ts'

/** What a start in a jail may take longer than one without. */
const mostStartMs = 400

/** What a jail costs: its start with all canaries but the bombs, and every call. */
export const jail: Part = {
  name: 'jail',
  about: 'a server in a jail by each driver against the same server without one: its start, and each call',
  async run(_stage, options) {
    const dataFolder = await mkdtemp(join(tmpdir(), 'remit-bench-jail-'))
    try {
      const drivers = (await workingDrivers()).filter(({ name }) => name !== 'none')
      const launches = new Map<string, Launch>()
      for (const driver of drivers) {
        const { launch } = await jailedLaunch({ driver, script: ledgerScript, dataFolder })
        const { jail: _, ...bare } = launch
        launches.set('no jail', bare).set(driver.name, launch)
      }
      if (launches.size === 0) return { tables: [], bars: [], skipped: 'no sandbox works on this machine' }
      return await measure(launches, dataFolder, options)
    } finally {
      await rm(dataFolder, { recursive: true, force: true })
    }
  },
}

async function measure(launches: ReadonlyMap<string, Launch>, dataFolder: string, { quick }: BenchOptions) {
  const open = (launch: Launch) => openConnection(launch, dataFolder)
  const starts = await inTurn(
    quick ? 1 : 15,
    contest(launches, async (launch) => startMs(await open(launch))),
  )
  const calls = await inTurn(
    quick ? 1 : 10,
    contest(launches, async (launch) => {
      const { connection } = await open(launch)
      const ms = await each(quick ? 10 : 500, (index) => call(connection, index))
      await connection.close()
      return ms
    }),
  )
  const rows = [...launches.keys()].map((name) => {
    const [started = [], called = []] = [starts[name], calls[name]]
    return {
      jail: name,
      'start, ms': median(started),
      'more than without': median(started) - median(starts['no jail'] ?? []),
      'a call, ms': median(called),
      'times without': median(called) / median(calls['no jail'] ?? []),
    }
  })
  const table: Table = {
    title: 'One server, started and called in turn in each jail',
    rows,
    note: 'A start is from nothing to the first answer, canaries included. Bombs are tried once after each boot, beside the first start.',
  }
  const strongest = rows.at(-1)
  const bar: Bar = {
    what: `start in a jail by ${strongest?.jail}, ms more than without`,
    measured: strongest?.['more than without'] ?? Number.NaN,
    sense: 'at most',
    limit: mostStartMs,
  }
  return { tables: [table], bars: [bar] }
}

function contest(launches: ReadonlyMap<string, Launch>, measured: (launch: Launch) => Promise<number>) {
  return Object.fromEntries([...launches].map(([name, launch]) => [name, () => measured(launch)]))
}

interface Opened {
  connection: Connection
  ms: number
}

async function openConnection(launch: Launch, dataFolder: string): Promise<Opened> {
  const [server] = ledger.servers.values()
  if (!server) throw new Error('the ledger is not in its catalogue')
  const started = performance.now()
  const connection = await connect(server, launch, {
    verdicts: openEraVerdicts(join(dataFolder, 'eras.json'), () => new Date()),
    limits: defaultLimits,
    signal: new AbortController().signal,
    onFault() {},
    onQuarantine() {},
  })
  return { connection, ms: performance.now() - started }
}

async function startMs({ connection, ms }: Opened): Promise<number> {
  await connection.close()
  return ms
}

async function call(connection: Connection, index: number): Promise<void> {
  const options = { meta: {}, signal: new AbortController().signal }
  await connection.send('add_entry', { text: `entry ${index}` }, options)
}
