import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Json } from '../shared/json.ts'
import { didYouMean } from '../shared/nearest-name.ts'
import { InputError, type Workplace } from './cli/remit.ts'
import type { Config } from './config.ts'
import { diagnose } from './diagnose.ts'
import { goingLive } from './go-live.ts'
import { freeTextGoal } from './goals/free-text-goal.ts'
import { InputOfError, withInputsOf } from './goals/input-of.ts'
import { parseGoal } from './goals/load-goal.ts'
import { validateInput } from './goals/validate-input.ts'
import { openHome } from './home/home.ts'
import { joinHome } from './home/shared-process.ts'
import { backUpHome, migrateRecord, restoreHome } from './keep-home.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { Goal } from './model/goal.ts'
import { withSubGoals } from './model/sub-goals.ts'
import { checkOpening, openRemit } from './open-remit.ts'
import { YamlError } from './parse-yaml.ts'
import { startWorkerProcesses } from './worker-processes.ts'

/** What a command can know and do before anything is started. */
export function openWorkplace(config: Config, catalogue: Catalogue): Workplace {
  const whole = () =>
    withSubGoals(
      catalogue,
      goalFiles(config).map(({ goal }) => goal),
    )
  return {
    root: config.root,
    home: config.home,
    mode: config.mode,
    get catalogue() {
      return whole()
    },
    goals: () => goalFiles(config).map(({ goal, file }) => ({ name: goal.goal, title: goal.title, file })),
    goal: (name) => goalNamed(config, name),
    reasoner: config.claude.apiKey === undefined ? 'planner' : 'claude',
    freeTextGoal(text, outcomes, input) {
      const facts = [...whole().tools.values()].flatMap(({ establishes }) => establishes)
      const unknown = outcomes.find((fact) => !facts.includes(fact))
      if (unknown === undefined) return freeTextGoal(text, outcomes, input)
      throw new InputError(`--outcome: no tool establishes ${unknown}${didYouMean(unknown, facts)}`)
    },
    checkInput(goal, input) {
      const checked = validateInput(goal, input as Json)
      if (checked.ok) return checked.input
      const faults = checked.issues.length === 1 ? 'fault' : 'faults'
      throw new InputError(`The input of ${goal.goal} has ${checked.issues.length} ${faults}`, checked.issues)
    },
    check: (options) => checkOpening(config, catalogue, options),
    goingLive: () => goingLive(config, catalogue),
    open: (options) => openRemit(config, { catalogue, goals: goalFiles(config).map(({ goal }) => goal) }, options),
    diagnose: () => diagnose(config, catalogue),
    startWorkers: (count, options) => startWorkerProcesses(config, count, options),
    migrate: () => migrateRecord(config),
    backUp: (file, signal) => backUpHome(config, file, signal),
    restore: (file, options) => restoreHome(config, file, options),
    stopEverything: () => stopEverything(config),
  }
}

/** Emulators first, Postgres last: what writes stops before what it writes to. */
async function stopEverything({ home }: Config): Promise<string[]> {
  const membership = await joinHome(openHome(home))
  try {
    const names = (await membership.status()).services.map(({ name }) => name)
    const ordered = [...names.filter((name) => name !== 'postgres'), ...names.filter((name) => name === 'postgres')]
    for (const name of ordered) await membership.stop(name)
    return ordered
  } finally {
    await membership.leave()
  }
}

function goalNamed(config: Config, name: string): Goal {
  const goals = goalFiles(config)
  const found = goals.find(({ goal }) => goal.goal === name)
  if (found) return found.goal
  throw new InputError(`There is no goal ${name}; there are ${goals.map(({ goal }) => goal.goal).join(', ')}`)
}

function goalFiles({ goalFolders }: Config): { goal: Goal; file: string }[] {
  const files = goalFolders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(basename(name)))
      .sort()
      .map((name) => join(folder, name)),
  )
  const goals = asInput(() => withInputsOf(files.map((file) => parseGoal(readFileSync(file, 'utf8'), file))))
  return goals.map((goal, index) => ({ goal, file: files[index] ?? '' }))
}

/** A goal file that is not right is a person's to mend. */
function asInput<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof YamlError || error instanceof InputOfError) throw new InputError(error.message)
    throw error
  }
}
