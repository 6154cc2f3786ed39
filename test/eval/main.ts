// `npm run eval`, or a part of it: `npm run eval -- onboarding billing=lost --reasoner claude --rounds 3`.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { paint } from '../../orchestrator/cli/text/line.ts'
import { type Column, table } from '../../orchestrator/cli/text/table.ts'
import { compareWithLoop } from './compare-with-loop.ts'
import { type Contestant, openContestants } from './contestants.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { type Result, tryScenario } from './try-scenario.ts'

const usage = `npm run eval -- [SCENARIO…] [--reasoner NAME…] [--rounds N] [--json FILE] [--compare]

  SCENARIO         ${scenarios.map(({ name }) => name).join(', ')}
  --reasoner NAME  planner, scripted (Claude's reasoner at a scripted API) or claude (needs ANTHROPIC_API_KEY)
  --rounds N       how often each scenario is tried: models do not answer alike each time
  --json FILE      the results as JSON
  --compare        tokens and calls of onboarding, against a loop of one tool call a turn

Each is judged by what the systems hold afterwards, not by what it says.
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      reasoner: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '1' },
      json: { type: 'string' },
      compare: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds)
  const contestants = openContestants()
  const unknown = [
    ...positionals.filter((name) => !scenarios.some((one) => one.name === name)),
    ...(values.reasoner ?? []).filter((name) => !contestants.some((one) => one.name === name)),
    ...(Number.isSafeInteger(rounds) && rounds > 0 ? [] : [`--rounds ${values.rounds}`]),
  ]
  if (values.help || unknown.length > 0) {
    for (const name of unknown) process.stderr.write(`There is no ${name}\n`)
    process.stdout.write(usage)
    return unknown.length > 0 ? 2 : 0
  }
  if (values.compare) return compare(contestants)
  const chosen = contestants.filter(({ name, missing }) => values.reasoner?.includes(name) ?? missing === undefined)
  const lacking = chosen.find(({ missing }) => missing !== undefined)
  if (lacking) {
    process.stderr.write(`${lacking.name} cannot take part: ${lacking.missing}\n`)
    return 2
  }
  const tried = scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const results = await evaluate(tried, chosen, rounds)
  process.stdout.write(`\n${summary(results)}`)
  if (values.json !== undefined) writeFileSync(resolve(values.json), `${JSON.stringify(results, null, 2)}\n`)
  return results.every(({ problems }) => problems.length === 0) ? 0 : 1
}

async function evaluate(tried: readonly Scenario[], chosen: readonly Contestant[], rounds: number): Promise<Result[]> {
  const results: Result[] = []
  for (const contestant of chosen) {
    for (const scenario of tried) {
      for (let round = 0; round < rounds; round += 1) {
        const done = await tryScenario(scenario, contestant)
        if (!done) continue
        const { problems } = done.result
        results.push(done.result)
        process.stdout.write(`${problems.length === 0 ? '✓' : '✗'} ${contestant.name}: ${scenario.name}\n`)
        for (const problem of problems) process.stdout.write(`    ${problem}\n`)
      }
    }
  }
  return results
}

/** One line for each who decides: how often all was as it should be, and what that took on average. */
function summary(results: readonly Result[]): string {
  const byName = Map.groupBy(results, ({ reasoner }) => reasoner)
  const rows = [...byName].map(([name, own]) => {
    const mean = (part: keyof Result) => own.reduce((sum, result) => sum + Number(result[part]), 0) / own.length
    const good = own.filter(({ problems }) => problems.length === 0).length
    return {
      reasoner: name,
      good: `${good} of ${own.length}`,
      'model calls': mean('model_calls').toFixed(1),
      'tokens in': mean('input_tokens').toFixed(0),
      'from cache': mean('cache_read_tokens').toFixed(0),
      'tokens out': mean('output_tokens').toFixed(0),
      US$: mean('cost_usd').toFixed(4),
      seconds: mean('seconds').toFixed(2),
      asks: mean('asks').toFixed(2),
    }
  })
  return tableOf(rows)
}

async function compare(contestants: readonly Contestant[]): Promise<number> {
  const scripted = contestants.find(({ name }) => name === 'scripted')
  const rows = scripted && (await compareWithLoop(scripted))
  if (!rows) return 1
  process.stdout.write(tableOf(rows))
  return 0
}

function tableOf(rows: readonly Record<string, string>[]): string {
  const [first = {}] = rows
  const columns = Object.keys(first).map((title, index): Column => ({ title, align: index === 0 ? 'left' : 'right' }))
  const cells = rows.map((row) => columns.map(({ title }) => row[title] ?? ''))
  return `${table(columns, cells)
    .map((line) => paint(line, false))
    .join('\n')}\n`
}

process.exitCode = await main()
