import { openJournal } from '../orchestrator/record/journal.ts'
import { type ChainParts, chainRun } from './chain-run.ts'
import { idleGateway, ledgerGateway } from './ledger.ts'
import { each, inTurn, median, quantile, rateOf, ratios, timed } from './measure.ts'
import type { BenchOptions, Part } from './part.ts'
import { openRawFloor, type RawFloor } from './raw-floor.ts'
import type { Bar, Report, Table } from './report.ts'
import { stageDatabase } from './stage.ts'

/** What is measured side by side: durable calls with and without a server, and their raw parts. */
interface Contest {
  floor: RawFloor
  /** Calls that are answered in this process at once: what is left is the loop and the record. */
  idle: ChainParts
  real: ChainParts
}

/** A call as every run makes it (checked, judged, intended, made, settled, chained) against its raw parts. */
export const durableCall: Part = {
  name: 'durable-call',
  about: 'a durable call against one fsynced INSERT and one raw MCP call',
  async run(stage, options) {
    await using database = await stageDatabase(stage)
    await using floor = await openRawFloor(database)
    const journal = openJournal({ url: database.journalUrl, now: () => new Date() })
    const gateway = await ledgerGateway(database.home.serverFolder('ledger'))
    try {
      const contest = { floor, idle: { journal, gateway: idleGateway }, real: { journal, gateway } }
      const reports = [await oneByOne(contest, options), await allAtOnce(contest, options)]
      return { tables: reports.flatMap(({ tables }) => tables), bars: reports.flatMap(({ bars }) => bars) }
    } finally {
      await gateway.close()
      await journal.close()
    }
  },
}

async function oneByOne({ floor, idle, real }: Contest, { quick }: BenchOptions): Promise<Report> {
  const calls = quick ? 10 : 100
  const perCall = (parts: ChainParts) => async () => (await timed(() => chainRun(parts, calls))) / calls
  const took = await inTurn(
    quick ? 1 : 30,
    {
      insert: () => each(calls, floor.insert),
      raw: () => each(calls, floor.call),
      pair: () => each(calls, floor.insertAndCall),
      bare: () => each(calls, floor.bareCall),
      idle: perCall(idle),
      real: perCall(real),
    },
    warmUpOf(quick),
  )
  const apart = took.insert.map((ms, round) => ms + (took.raw[round] ?? 0))
  const row = (what: string, ms: number[], of: number[]) => {
    const times = ratios(ms, of)
    return {
      what,
      'ms a call': median(ms),
      'times the floor': median(times),
      ...spread(times),
      quietest: best(ms, of, Math.min),
    }
  }
  const table: Table = {
    title: `One call after the other (runs of ${calls} dependent calls)`,
    rows: [
      row('one fsynced INSERT', took.insert, took.insert),
      row('durable step that does nothing', took.idle, took.insert),
      row('one fsynced INSERT, then one raw MCP call over stdio', took.pair, took.pair),
      row('durable MCP call over stdio', took.real, took.pair),
    ],
    note: `The floor of a step that does nothing is the INSERT alone, of an MCP call both, one after the other. In loops of their own INSERT and
call take ${times(apart, took.pair)} of that together, for neither waits for a process that has gone to sleep: held against those, the durable
call takes ${times(took.real, apart)} ×. The raw MCP call goes to the same server; to one that is made with the MCP library alone it takes
${times(took.bare, took.raw)} × as long. Quietest: the best rounds of both sides against each other.`,
  }
  const bar: Bar = {
    what: 'durable MCP call, one after the other, times the floor',
    measured: median(ratios(took.real, took.pair)),
    sense: 'at most',
    limit: 1.6,
  }
  return { tables: [table], bars: [bar] }
}

/** Rounds until both sides run as a service does that has been up for a minute: the engine compiles what is used again and again. */
const warmUpOf = (quick: boolean): number => (quick ? 1 : 15)

async function allAtOnce({ floor, idle, real }: Contest, { quick }: BenchOptions): Promise<Report> {
  const runs = quick ? 5 : 50
  const calls = quick ? 4 : 20
  const cpu = { idle: [] as number[], real: [] as number[] }
  const rate = (name: 'idle' | 'real', parts: ChainParts) => async () => {
    const before = process.cpuUsage()
    const perSecond = await rateOf(runs, 1, () => chainRun(parts, calls))
    const { user, system } = process.cpuUsage(before)
    cpu[name].push((user + system) / runs / calls)
    return perSecond * calls
  }
  const reached = await inTurn(
    quick ? 1 : 30,
    {
      insert: () => rateOf(runs, calls, floor.insertPooled),
      raw: () => rateOf(runs, calls, floor.call),
      idle: rate('idle', idle),
      real: rate('real', real),
    },
    warmUpOf(quick),
  )
  const row = (what: string, perSecond: number[]) => {
    const share = ratios(perSecond, reached.insert)
    const quietest = best(perSecond, reached.insert, Math.max)
    return { what, 'a second': median(perSecond), 'of the INSERTs': median(share), ...spread(share), quietest }
  }
  const table: Table = {
    title: `At once (${runs} runs × ${calls} dependent calls)`,
    rows: [
      row('INSERTs by a pool of 20', reached.insert),
      row('durable steps that do nothing', reached.idle),
      row('raw MCP calls over stdio, nothing recorded', reached.raw),
      row('durable MCP calls over stdio', reached.real),
    ],
    note: `CPU of this process: ${Math.round(median(cpu.idle))} µs a step that does nothing, ${Math.round(median(cpu.real))} µs an MCP call.`,
  }
  const bar = (what: string, perSecond: number[]): Bar => ({
    what: `${what} at once, of the rate of INSERTs`,
    measured: median(ratios(perSecond, reached.insert)),
    sense: 'at least',
    limit: 0.3,
  })
  return { tables: [table], bars: [bar('durable MCP calls', reached.real), bar('steps that do nothing', reached.idle)] }
}

function spread(values: readonly number[]): { 'middle half': string } {
  const [low, high] = [0.25, 0.75].map((share) => quantile(values, share).toFixed(2))
  return { 'middle half': `${low}–${high}` }
}

function best(values: readonly number[], of: readonly number[], pick: (...values: number[]) => number): number {
  return pick(...values) / pick(...of)
}

function times(values: readonly number[], of: readonly number[]): string {
  return median(ratios(values, of)).toFixed(2)
}
