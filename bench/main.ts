// `npm run bench`, or one part of it: `npm run bench -- durable-call --quick`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { durableCall } from './durable-call.ts'
import { foldTime } from './fold-time.ts'
import { http } from './http.ts'
import { jail } from './jail.ts'
import { root } from './ledger.ts'
import { makespan } from './makespan.ts'
import { memory } from './memory.ts'
import type { Part } from './part.ts'
import { planning } from './planning.ts'
import { record } from './record.ts'
import { type Report, textOf, textOfBars } from './report.ts'
import { openStage } from './stage.ts'
import { startUp } from './start-up.ts'
import { tableSize } from './table-size.ts'
import { writesPerCall } from './writes-per-call.ts'

const parts: Part[] = [
  durableCall,
  tableSize,
  record,
  writesPerCall,
  foldTime,
  makespan,
  memory,
  startUp,
  planning,
  jail,
  http,
]

const usage = `npm run bench -- [PART…] [--quick] [--json FILE] [--plans FOLDER]

${parts.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n')}

  --quick          small sizes and one round: shows that the bench works
  --json FILE      where the measurements go; bench/results/latest.json unless told, and nowhere with --quick
  --plans FOLDER   where nestful.jsonl lies; ../shared/data/plans, or REMIT_BENCH_PLANS, unless told
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      plans: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !parts.some((part) => part.name === name))
  if (values.help || unknown.length > 0) {
    for (const name of unknown) process.stderr.write(`There is no part ${name}\n`)
    process.stdout.write(usage)
    return unknown.length > 0 ? 2 : 0
  }
  const chosen = positionals.length === 0 ? parts : parts.filter(({ name }) => positionals.includes(name))
  const plansFolder = resolve(
    values.plans ?? process.env.REMIT_BENCH_PLANS ?? join(root, '..', 'shared', 'data', 'plans'),
  )
  const reports = await runParts(chosen, { quick: values.quick, plansFolder })
  const bars = Object.values(reports).flatMap((report) => report.bars)
  // What was measured once, at small sizes, is held against nothing.
  if (bars.length > 0 && !values.quick) process.stdout.write(`\n${textOfBars(bars)}`)
  const file = values.json ?? (values.quick ? undefined : join(root, 'bench', 'results', 'latest.json'))
  if (file !== undefined) writeResults(resolve(file), values.quick, reports)
  return 0
}

async function runParts(chosen: readonly Part[], options: { quick: boolean; plansFolder: string }) {
  await using stage = await openStage()
  onInterrupt(() => stage[Symbol.asyncDispose]())
  const reports: Record<string, Report> = {}
  for (const part of chosen) {
    process.stdout.write(`\n# ${part.name}: ${part.about}\n\n`)
    const report = await part.run(stage, options)
    process.stdout.write(textOf(report))
    reports[part.name] = report
  }
  return reports
}

/** An interrupted bench stops its Postgres first; a terminal's Ctrl-C may come twice. */
function onInterrupt(close: () => PromiseLike<void>): void {
  let closing = false
  const stop = (code: number) => async () => {
    if (closing) return
    closing = true
    await close()
    process.exit(code)
  }
  process.on('SIGINT', stop(130)).on('SIGTERM', stop(143))
}

function writeResults(file: string, quick: boolean, parts: Record<string, Report>): void {
  const machine = { node: process.version, platform: process.platform, cores: availableParallelism() }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), quick, machine, parts }, null, 2)}\n`)
  process.stdout.write(`\nWritten to ${file}\n`)
}

// A reader that goes away (`npm run bench | head`) is no reason to leave anything running.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
process.exitCode = await main()
