import { accessSync, constants } from 'node:fs'
import { causeWithCode } from '../shared/never-sent.ts'
import { commandName } from '../shared/own-package.ts'
import { type Finding, InputError } from './cli/remit.ts'
import type { Config } from './config.ts'
import { diagnoseLogins } from './diagnose-logins.ts'
import { attackNames, attacks } from './execute/sandbox/attack.ts'
import { driverNames } from './execute/sandbox/driver.ts'
import { type Surveyed, surveySandboxes } from './execute/sandbox/survey.ts'
import { goingLive } from './go-live.ts'
import { type Home, openHome } from './home/home.ts'
import { joinHome } from './home/shared-process.ts'
import type { Catalogue } from './model/catalogue.ts'
import { deniedEgress } from './record/denied-egress.ts'
import { otherVersion, otherVersionAdvice } from './record/embedded-postgres.ts'
import { installedBinaries } from './record/postgres-binaries.ts'
import { placedData } from './record/postgres-placement.ts'

const egressDays = 7

/** What `remit doctor` says of this machine and this home. Starts nothing but empty jails, to see what they hold. */
export async function diagnose(config: Config, catalogue: Catalogue): Promise<Finding[]> {
  const home = openHome(config.home)
  return [
    nodeVersion(),
    homeFolder(config.home),
    await mode(config, catalogue),
    await postgres(config, home),
    await processes(home),
    ...(await sandboxes(config)),
    ...(await diagnoseLogins(config, catalogue)),
    await deniedOnNetwork(config, home),
    { what: 'tools', ok: true, found: `${catalogue.tools.size} reviewed, of ${catalogue.servers.size} servers` },
  ]
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > 22 || (major === 22 && minor >= 18)
  const found = `${process.version} on ${process.platform} ${process.arch}`
  return {
    what: 'node',
    ok,
    found,
    ...(ok ? {} : { advice: `start Remit by "${commandName}", which brings its own Node` }),
  }
}

function homeFolder(home: string): Finding {
  try {
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK)
    return { what: 'home', ok: true, found: home }
  } catch {
    const advice = 'make it writable for you, or name another folder in REMIT_HOME'
    return { what: 'home', ok: false, found: `${home} cannot be written`, advice }
  }
}

async function mode(config: Config, catalogue: Catalogue): Promise<Finding> {
  const what = 'mode'
  if (config.mode === 'emulated') {
    const vendors = [...catalogue.servers.values()].flatMap(({ emulator }) => emulator?.vendor ?? [])
    return { what, ok: true, found: `emulated: ${vendors.join(', ')} stand on emulators` }
  }
  try {
    const asked = (await goingLive(config, catalogue)) !== undefined
    return { what, ok: true, found: `live: real vendors, ${asked ? 'to which nobody has agreed yet' : 'agreed to'}` }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const advice = error.issues.map(({ path, message }) => `${path} ${message}`).join('; ')
    return { what, ok: false, found: 'live, but not all is mapped', advice }
  }
}

async function postgres({ databaseUrl }: Config, home: Home): Promise<Finding> {
  const what = 'postgres'
  if (databaseUrl !== undefined) {
    const { hostname, port, pathname } = new URL(databaseUrl)
    return { what, ok: true, found: `external: ${hostname}:${port || 5432}${pathname}` }
  }
  try {
    const { version } = await installedBinaries()
    const data = await placedData(home)
    const other = data && (await otherVersion(data))
    if (other !== undefined)
      return { what, ok: false, found: `data in ${data}`, advice: `it ${otherVersionAdvice(other)}` }
    return {
      what,
      ok: true,
      found: `embedded ${version}, ${data ? `data in ${data}` : 'not started on this home yet'}`,
    }
  } catch (error) {
    return {
      what,
      ok: false,
      found: 'no embedded Postgres',
      advice: error instanceof Error ? error.message : String(error),
    }
  }
}

/** Every driver is put to the test; one that is missing is amiss only where the configuration asks for it, or for stronger ones. */
async function sandboxes({ sandbox, environment }: Config): Promise<Finding[]> {
  const { limits, drivers } = await surveySandboxes(environment)
  const sound = drivers.filter((each) => each.works && each.verdict.beaten.length === 0).map(({ driver }) => driver)
  const enough = sound.filter((driver) => driverNames.indexOf(driver) >= driverNames.indexOf(sandbox.minimum))
  const chosen = sandbox.driver === 'auto' ? enough[0] : enough.find((driver) => driver === sandbox.driver)
  const found =
    sandbox.driver === 'none'
      ? 'NONE: servers run without a sandbox, as sandbox.driver says'
      : `${chosen ?? `nothing that sandbox.driver ${sandbox.driver} and sandbox.minimum ${sandbox.minimum} take`}; limits by ${limits.name}${limits.limitsCpu ? '' : ', none of the processor'}`
  return [
    { what: 'sandbox', ok: chosen !== undefined, found, matrix: matrixOf(drivers) },
    ...drivers.map((each): Finding => {
      const what = `sandbox ${each.driver}`
      if (!each.works) return { what, ok: each.driver !== sandbox.driver, found: each.why, advice: each.advice }
      const { beaten, gaps } = each.verdict
      const through = beaten.map(({ attack, met }) => `${attacks[attack]} (${met})`).join(', ')
      if (through !== '') return { what, ok: false, found: `does not hold what it claims to: ${through}` }
      const known = gaps.map((attack) => attacks[attack]).join(', ')
      return { what, ok: true, found: known === '' ? 'holds all that is tried' : `holds, but for: ${known}` }
    }),
  ]
}

/** What servers tried and may not; a person should know, and nothing is amiss with this machine. */
async function deniedOnNetwork({ databaseUrl }: Config, home: Home): Promise<Finding> {
  const what = 'egress'
  const membership = await joinHome(home)
  try {
    const since = new Date(Date.now() - egressDays * 86_400_000)
    const denied = await deniedEgress({ home, membership, databaseUrl }, since)
    if (!denied) return { what, ok: true, found: 'not known what was refused: the record does not run now' }
    const sum = denied.reduce((all, { times }) => all + times, 0)
    if (sum === 0) return { what, ok: true, found: `nothing was refused in the last ${egressDays} days` }
    const found = `${sum} refused in the last ${egressDays} days: ${denied.map(({ server, times }) => `${server} ${times}`).join(', ')}`
    const advice = 'remit sql "select run_id, server, tool, egress from calls" and logs/remit.log say what it was'
    return { what, ok: true, found, advice }
  } catch (error) {
    const found = `not known what was refused: Postgres does not say (${causeWithCode(error).code ?? 'unknown error'})`
    return { what, ok: false, found, advice: 'look whether Postgres answers, and not too slowly' }
  } finally {
    await membership.leave()
  }
}

function matrixOf(drivers: readonly Surveyed[]): NonNullable<Finding['matrix']> {
  const tried = drivers.flatMap((each) => (each.works ? [each] : []))
  return {
    columns: tried.map(({ driver }) => driver),
    rows: attackNames.map((attack) => ({
      what: attacks[attack],
      cells: tried.map(({ verdict }) => {
        if (verdict.held.includes(attack)) return 'held'
        return verdict.gaps.includes(attack) ? 'gap' : 'BEATEN'
      }),
    })),
  }
}

/** What a killed command left behind is used, and stopped, by the next one. */
async function processes(home: Home): Promise<Finding> {
  const membership = await joinHome(home)
  try {
    const { commands, services } = await membership.status()
    const running = services.map(({ name, pid }) => `${name} (${pid})`).join(', ')
    const others = commands.length - 1
    const found = running === '' ? 'none running' : `${running}, for ${others} other command${others === 1 ? '' : 's'}`
    return { what: 'processes', ok: true, found }
  } finally {
    await membership.leave()
  }
}
