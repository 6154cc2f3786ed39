import { openJournal } from '../orchestrator/record/journal.ts'
import { type ChainParts, chainRun } from './chain-run.ts'
import { idleGateway, ledgerGateway } from './ledger.ts'
import { each, inTurn, median, quantile, rateOf, ratios, timed } from './measure.ts'
import type { BenchOptions, Part } from './part.ts'
import { openRawFloor, type RawFloor } from './raw-floor.ts'
import type { Bar, Report, Table } from './report.ts'
import { stageDatabase } from './stage.ts'

const runsAtOnce = 50
const callsAtOnce = 20

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
      const idle = { journal, gateway: idleGateway }
      const real = { journal, gateway }
      const sequential = await oneByOne(floor, idle, real, options)
      const atOnce = await allAtOnce(floor, idle, real, options)
      return { tables: [...sequential.tables, ...atOnce.tables], bars: [...sequential.bars, ...atOnce.bars] }
    } finally {
      await gateway.close()
      await journal.close()
    }
  },
}

async function oneByOne(floor: RawFloor, idle: ChainParts, real: ChainParts, { quick }: BenchOptions): Promise<Report> {
  const calls = quick ? 10 : 100
  const perCall = (parts: ChainParts) => async () => (await timed(() => chainRun(parts, calls))) / calls
  const measured = await inTurn(quick ? 1 : 20, {
    insert: () => each(calls, floor.insert),
    raw: () => each(calls, floor.call),
    idle: perCall(idle),
    real: perCall(real),
  })
  const raw = measured.insert.map((ms, round) => ms + (measured.raw[round] ?? 0))
  const row = (what: string, ms: number[], of: number[]) => {
    const times = ratios(ms, of)
    return { what, 'ms a call': median(ms), 'times the floor': median(times), ...spread(times) }
  }
  const table: Table = {
    title: `One call after the other (runs of ${calls} dependent calls)`,
    rows: [
      row('one fsynced INSERT', measured.insert, measured.insert),
      row('durable step that does nothing', measured.idle, measured.insert),
      row('one fsynced INSERT + one raw MCP call over stdio', raw, raw),
      row('durable MCP call over stdio', measured.real, raw),
    ],
    note: 'Medians over rounds in turn. A step that does nothing is held against the INSERT alone, an MCP call against both.',
  }
  const bar: Bar = {
    what: 'durable MCP call, one after the other, times the floor',
    measured: median(ratios(measured.real, raw)),
    sense: 'at most',
    limit: 1.6,
  }
  return { tables: [table], bars: [bar] }
}

async function allAtOnce(
  floor: RawFloor,
  idle: ChainParts,
  real: ChainParts,
  { quick }: BenchOptions,
): Promise<Report> {
  const runs = quick ? 5 : runsAtOnce
  const calls = quick ? 4 : callsAtOnce
  const rate = (parts: ChainParts) => async () => {
    const ms = await timed(() => Promise.all(Array.from({ length: runs }, () => chainRun(parts, calls))))
    return (runs * calls * 1_000) / ms
  }
  const measured = await inTurn(quick ? 1 : 20, {
    insert: () => rateOf(runs, calls, floor.insertPooled),
    raw: () => rateOf(runs, calls, floor.call),
    idle: rate(idle),
    real: rate(real),
  })
  const row = (what: string, perSecond: number[]) => {
    const times = ratios(perSecond, measured.insert)
    return { what, 'a second': median(perSecond), 'of the INSERTs': median(times), ...spread(times) }
  }
  const table: Table = {
    title: `At once (${runs} runs × ${calls} dependent calls)`,
    rows: [
      row('INSERTs by a pool of 20', measured.insert),
      row('durable steps that do nothing', measured.idle),
      row('raw MCP calls over stdio, nothing recorded', measured.raw),
      row('durable MCP calls over stdio', measured.real),
    ],
  }
  const bar = (what: string, perSecond: number[]): Bar => ({
    what: `${what} at once, of the rate of INSERTs`,
    measured: median(ratios(perSecond, measured.insert)),
    sense: 'at least',
    limit: 0.3,
  })
  return {
    tables: [table],
    bars: [bar('durable MCP calls', measured.real), bar('steps that do nothing', measured.idle)],
  }
}

function spread(times: readonly number[]): { 'middle half': string } {
  const [low, high] = [0.25, 0.75].map((share) => quantile(times, share).toFixed(2))
  return { 'middle half': `${low}–${high}` }
}
