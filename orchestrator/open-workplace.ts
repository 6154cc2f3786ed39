import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Json } from '../shared/json.ts'
import { askService } from './ask-service.ts'
import { InputError, type OpenOptions, type Remit, type Workplace } from './cli/remit.ts'
import { type Config, ConfigError } from './config.ts'
import { diagnose } from './diagnose.ts'
import type { Policy } from './enforce/policy/policy.ts'
import { goingLive } from './go-live.ts'
import { freeTextGoal } from './goals/free-text-goal.ts'
import { InputOfError, withInputsOf } from './goals/input-of.ts'
import { parseGoal } from './goals/load-goal.ts'
import { validateInput } from './goals/validate-input.ts'
import { openHome } from './home/home.ts'
import { joinHome } from './home/shared-process.ts'
import { entryOf, machineOf } from './host-entry.ts'
import { dropServer, installServers, joinServer } from './join-server.ts'
import { backUpHome, migrateRecord, restoreHome } from './keep-home.ts'
import { personalServers } from './keep-logins.ts'
import { loadPolicy } from './load-policy.ts'
import { loadTriggers } from './load-triggers.ts'
import { lookAtLogins } from './look-at-logins.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { Goal } from './model/goal.ts'
import { faultsOfOutcomes } from './model/outcome-faults.ts'
import { withSubGoals } from './model/sub-goals.ts'
import { checkOpening, enlistedAs, openRemit } from './open-remit.ts'
import { YamlError } from './parse-yaml.ts'
import { knownReasoners } from './reasoners.ts'
import { checkServers, reviewTools, tellServer } from './review-tools.ts'
import { serveHost, serverAlone } from './serve-host.ts'
import { serveRemit } from './serve-remit.ts'
import { inputFor } from './triggers/take-delivery.ts'
import type { Trigger } from './triggers/trigger.ts'
import { isUnconfined } from './unconfined.ts'
import { startWorkerProcesses } from './worker-processes.ts'

/** What Remit itself is called where a server can be named. */
const itself = 'remit'

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
    unconfined: [...catalogue.servers.values()]
      .filter((server) => isUnconfined(config, server))
      .map(({ name }) => name),
    personal: personalServers(config).filter((server) => catalogue.servers.has(server)),
    get catalogue() {
      return whole()
    },
    goals: () => goalFiles(config).map(({ goal, file }) => ({ name: goal.goal, title: goal.title, file })),
    goal: (name) => goalNamed(config, name),
    policyFile: config.policyFile,
    policy: (file) => policyIn(config, catalogue, file),
    triggers: () => triggersIn(config),
    tryTrigger: (name, payload) => tryTrigger(config, name, payload),
    reasoner: config.claude.apiKey === undefined ? 'planner' : 'claude',
    freeTextGoal(text, outcomes, input) {
      const [fault] = faultsOfOutcomes(outcomes, whole().tools.values())
      if (fault) throw new InputError(`--outcome: ${fault.message}`)
      return freeTextGoal(text, outcomes, input)
    },
    checkInput(goal, input) {
      const checked = validateInput(goal, input as Json)
      if (checked.ok) return checked.input
      const faults = checked.issues.length === 1 ? 'fault' : 'faults'
      throw new InputError(`The input of ${goal.goal} has ${checked.issues.length} ${faults}`, checked.issues)
    },
    check: (options) => checkOpening(config, catalogue, options),
    goingLive: (server) =>
      goingLive(config, server === undefined || server === itself ? catalogue : serverAlone(catalogue, server)),
    async serve(server, options) {
      if (server !== itself)
        return serveHost(config, serverAlone(catalogue, server), policyIn(config, catalogue), options)
      const isToAgree = async () => (await goingLive(config, catalogue)) !== undefined
      return serveRemit(config, { ...options, isToAgree, open: (opening) => openOn(config, catalogue, opening) })
    },
    open: (options) => openOn(config, catalogue, options),
    entryOf: (server) => entryOf(config, catalogue, server),
    machine: machineOf(config),
    reviewTools: (server, options) => reviewTools(config, serverAlone(catalogue, server), options),
    joinServer: (wish, options) => joinServer(config, catalogue, wish, options),
    dropServer: (name) => dropServer(config, name),
    installServers: (names, options) => installServers(config, names, options),
    tellServer: (name, options) => tellServer(config, serverAlone(catalogue, name), options),
    checkServers: (options) => checkServers(config, catalogue, options),
    request: (asked) => askService(config, asked),
    lookAtLogins: () => lookAtLogins(config),
    diagnose: () => diagnose(config, catalogue),
    startWorkers: (count, options) => startWorkerProcesses(config, count, options),
    migrate: () => migrateRecord(config),
    backUp: (file, signal) => backUpHome(config, file, signal),
    restore: (file, options) => restoreHome(config, file, options),
    stopEverything: (options) => stopEverything(config, options),
  }
}

/** A policy that is not right is said before anything is started. */
async function openOn(config: Config, catalogue: Catalogue, options: OpenOptions): Promise<Remit> {
  const goals = goalFiles(config).map(({ goal }) => goal)
  return openRemit(
    config,
    { catalogue, goals, policy: policyIn(config, catalogue), triggers: triggersIn(config) },
    options,
  )
}

/** The policy of a file, or the one in force. */
function policyIn(config: Config, catalogue: Catalogue, file?: string): Policy {
  const goals = goalFiles(config).map(({ goal }) => goal)
  if (file !== undefined && !existsSync(file)) throw new InputError(`There is no file ${file}`)
  return asInput(() => loadPolicy(file ?? config.policyFile, withSubGoals(catalogue, goals)))
}

function triggersIn(config: Config): Trigger[] {
  const goals = goalFiles(config).map(({ goal }) => goal.goal)
  return asInput(() => loadTriggers(config.triggerFolders, { goals, reasoners: knownReasoners(config.claude) }))
}

function tryTrigger(config: Config, name: string, payload: Json): ReturnType<Workplace['tryTrigger']> {
  const triggers = triggersIn(config)
  const trigger = triggers.find((one) => one.trigger === name)
  if (!trigger)
    throw new InputError(
      `There is no trigger ${name}; there are ${triggers.map((one) => one.trigger).join(', ') || 'none'}`,
    )
  const goals = goalFiles(config)
  const goalOf = (wanted: string) => goals.find(({ goal }) => goal.goal === wanted)?.goal
  return inputFor(trigger, { id: 'tried', payload }, { goalNamed: goalOf, checkInput: validateInput })
}

/** Who works first, Postgres last: what writes stops before what it writes to. */
async function stopEverything({ home }: Config, { unused = false } = {}): Promise<string[]> {
  const membership = await joinHome(openHome(home))
  try {
    const { services, commands } = await membership.status()
    if (unused && commands.length > 1) return []
    const names = services.map(({ name }) => name)
    const place = (name: string) => (name.startsWith(enlistedAs) ? 0 : name === 'postgres' ? 2 : 1)
    const ordered = names.toSorted((a, b) => place(a) - place(b))
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
    if (error instanceof YamlError || error instanceof InputOfError || error instanceof ConfigError)
      throw new InputError(error.message)
    throw error
  }
}
