import { parseArgs } from 'node:util'
import { type Storm, storm } from '../support/storm/storm.ts'
import { openStormyHome } from '../support/storm/stormy-home.ts'

// npm run chaos -- --runs N --seed S: onboards N customers, a few at once, while everything that works for them is killed.

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    runs: { ...text, default: '20' },
    seed: { ...text, default: '1' },
    'at-once': { ...text, default: '4' },
    blows: { ...text, default: '4' },
    workers: { ...text, default: '2' },
  },
})
const [runs, firstSeed, atOnce, blows, workers] = (['runs', 'seed', 'at-once', 'blows', 'workers'] as const).map(
  (name) => numberOf(name, values[name]),
) as [number, number, number, number, number]

const say = (line: string) => process.stdout.write(`${line}\n`)
const ends = new Map<string, number>()
let broken = 0
const home = await openStormyHome({ workers })
try {
  for (let seed = firstSeed, left = runs; left > 0; seed += 1, left -= atOnce)
    await weather({ seed, runs: Math.min(left, atOnce), blows })
} finally {
  for (const problem of await home.close()) {
    broken += 1
    say(`✗ ${problem}`)
  }
}
say(`${runs} runs: ${[...ends].map(([end, count]) => `${count} ${end}`).join(', ')}; ${broken} problems`)
process.exitCode = broken > 0 ? 1 : 0

async function weather(plan: Storm): Promise<void> {
  const begun = Date.now()
  const { struck, survivors } = await storm(plan, home)
  for (const { end } of survivors) ends.set(end, (ends.get(end) ?? 0) + 1)
  const seconds = Math.round((Date.now() - begun) / 1_000)
  say(`seed ${plan.seed}: ${survivors.map(({ end }) => end).join(', ')} in ${seconds} s; killed ${struck.join(', ')}`)
  const bad = survivors.filter(({ problems }) => problems.length > 0)
  for (const { run_id, end, problems } of bad) say(`  ✗ run ${run_id} ${end}: ${problems.join('; ')}`)
  broken += bad.length
  if (bad.length > 0)
    say(
      `  again: npm run chaos -- --runs ${plan.runs} --seed ${plan.seed} --at-once ${atOnce} --blows ${blows} --workers ${workers}\n${home.crew.lastWords()}`,
    )
}

function numberOf(name: string, given: string): number {
  const number = Number(given)
  if (Number.isInteger(number) && number >= 0) return number
  process.stderr.write(`--${name} ${given}: it must be a whole number\n`)
  process.exit(2)
}
