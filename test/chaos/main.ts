import { parseArgs } from 'node:util'
import { type Storm, storm } from '../support/storm/storm.ts'
import { openStormyHome } from '../support/storm/stormy-home.ts'

// npm run chaos -- --runs N --seed S: onboards N customers or short lists of them, a few at once, while everything that works for them is killed.

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
const begun = Date.now()
const ends: string[] = []
const allKilled: string[] = []
let broken = 0
let isOver = false
const interrupted = new Promise<void>((resolve) => {
  const stop = () => {
    isOver = true
    resolve()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
})
const home = await openStormyHome({ workers })
try {
  for (let seed = firstSeed, left = runs; left > 0 && !isOver; seed += 1, left -= atOnce)
    await Promise.race([weather({ seed, runs: Math.min(left, atOnce), blows }), interrupted])
} finally {
  for (const problem of await home.close()) {
    broken += 1
    say(`✗ ${problem}`)
  }
}
say(`${ends.length} of ${runs} runs from seed ${firstSeed} in ${minutesSince(begun)} min: ${tally(ends)}`)
say(`killed: ${tally(allKilled)}; ${broken} problems`)
process.exit(broken > 0 || ends.length < runs ? 1 : 0)

async function weather(plan: Storm): Promise<void> {
  const start = Date.now()
  try {
    const { killed, struck, survivors } = await storm(plan, home)
    ends.push(...survivors.map(({ end }) => end))
    allKilled.push(...killed)
    const seconds = Math.round((Date.now() - start) / 1_000)
    say(`seed ${plan.seed}: ${survivors.map(({ end }) => end).join(', ')} in ${seconds} s; killed ${struck.join(', ')}`)
    const bad = survivors.filter(({ problems }) => problems.length > 0)
    for (const { run_id, end, problems } of bad) complain(`run ${run_id} ${end}: ${problems.join('; ')}`)
    if (bad.length > 0) sayHowToRepeat(plan)
  } catch (error) {
    // What the storm left is in no state for another one.
    if (isOver) return
    isOver = true
    complain(`seed ${plan.seed} could not be seen through: ${error instanceof Error ? error.stack : error}`)
    sayHowToRepeat(plan)
  }
}

function complain(problem: string): void {
  broken += 1
  say(`  ✗ ${problem}`)
}

function sayHowToRepeat({ seed, runs: together }: Storm): void {
  const options = `--runs ${together} --seed ${seed} --at-once ${atOnce} --blows ${blows} --workers ${workers}`
  say(`  again: npm run chaos -- ${options}\n${home.crew.lastWords()}`)
}

/** How many there are of each, the most frequent first. */
function tally(names: readonly string[]): string {
  const counted = [...Map.groupBy(names, (name) => name)].toSorted(([, a], [, b]) => b.length - a.length)
  return counted.map(([name, { length }]) => `${length} ${name}`).join(', ')
}

function minutesSince(instant: number): number {
  return Math.round((Date.now() - instant) / 60_000)
}

function numberOf(name: string, given: string): number {
  const number = Number(given)
  if (Number.isInteger(number) && number >= 0) return number
  process.stderr.write(`--${name} ${given}: it must be a whole number\n`)
  process.exit(2)
}
