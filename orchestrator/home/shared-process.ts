import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Json } from '../../shared/json.ts'
import { withFileLock } from './file-lock.ts'
import type { Home } from './home.ts'
import { identify, isAlive, ownIdentity } from './process-identity.ts'
import { type Command, type Registry, type Service, withRegistry } from './registry.ts'
import { type StopBy, stopProcess } from './stop-process.ts'

/** How a shared process is started, recognised as well, and stopped. */
export interface ServiceRecipe<Info extends Json> {
  /**
   * Starts the process, apart from this one (see `startDetached`), and returns when it can be used. It must call
   * `spawned` as soon as there is a pid: from then on the process is stopped even if this command is killed.
   */
  start(spawned: (pid: number) => Promise<void>): Promise<{ pid: number; info: Info }>
  /** Asked before a process that another command started is used; one that is not healthy is stopped and replaced. */
  isHealthy(info: Info): Promise<boolean> | boolean
  stopBy?: StopBy
}

/** What a command holds while it uses a home. */
export interface Membership {
  /** The command's own id among those that use the home. */
  readonly id: string
  /** Makes sure that the named process runs, once for all commands on this home, and says how to reach it. */
  ensure<Info extends Json>(name: string, recipe: ServiceRecipe<Info>): Promise<Info>
  /**
   * Starts the named process again if it died, and says how to reach it; undefined where it was stopped in order, and stays
   * so. Harmless while it is healthy.
   */
  revive<Info extends Json>(name: string, recipe: ServiceRecipe<Info>): Promise<Info | undefined>
  /** This command does not need the named process any more; the last that needed it stops it. */
  release(name: string): Promise<void>
  /**
   * Makes this command itself one that {@link Membership.stop} ends, by that name; the returned function takes it back, which
   * has to happen before the command leaves.
   */
  enlist(name: string, stopBy: StopBy): Promise<() => Promise<void>>
  /** Ends one shared process, whoever uses it. */
  stop(name: string): Promise<void>
  /** Who uses the home and what runs for it, this command included. */
  status(): Promise<{ commands: Command[]; services: Service[] }>
  /** Leaves the home; the last command to leave stops every shared process. Harmless when repeated. */
  leave(): Promise<void>
}

const politely: StopBy = { signal: 'SIGTERM', graceMs: 3_000 }

/**
 * Joins the commands that use this home: the first starts what they share, the last stops it, a killed one blocks nobody
 * and its share is cleared away by whoever leaves last after it.
 */
export async function joinHome(home: Home): Promise<Membership> {
  const self: Command = { id: randomUUID(), ...ownIdentity() }
  await withRegistry(home.registry, (registry) => registry.addCommand(self))
  const underway = new Set<Promise<unknown>>()
  let leaving: Promise<void> | undefined
  /** Leaving waits for what is still starting. */
  const tracked = <Result>(work: Promise<Result>): Promise<Result> => {
    const settled: Promise<unknown> = work.catch(() => {}).finally(() => underway.delete(settled))
    underway.add(settled)
    return work
  }

  async function letGo(registry: Registry, name: string): Promise<void> {
    registry.removeUse(name, self.id)
    const service = registry.services().find((candidate) => candidate.name === name)
    if (!service || registry.isUsed(name)) return
    await stopProcess(service, service.stopBy)
    registry.removeService(name)
  }

  return {
    id: self.id,
    ensure(name, recipe) {
      if (leaving) throw new Error(`${name} cannot start: this command has left ${home.path}`)
      return tracked(
        withServiceLock(home, name, async () => {
          await withRegistry(home.registry, (registry) => registry.addUse(name, self.id))
          return ensureService(home, name, recipe)
        }),
      )
    },
    async revive(name, recipe) {
      if (leaving) return undefined
      return tracked(
        withServiceLock(home, name, async () =>
          (await registered(home, name)) ? ensureService(home, name, recipe) : undefined,
        ),
      )
    },
    async release(name) {
      // Who leaves the home stops what nobody uses.
      if (leaving) return
      await tracked(withServiceLock(home, name, () => withRegistry(home.registry, (registry) => letGo(registry, name))))
    },
    async enlist(name, stopBy) {
      await withRegistry(home.registry, (registry) =>
        registry.setService({ name, stopBy, info: undefined, ...ownIdentity() }),
      )
      return () => withRegistry(home.registry, (registry) => registry.removeService(name))
    },
    async stop(name) {
      const enlisted = await withRegistry(home.registry, async (registry) => {
        const service = registry.services().find((candidate) => candidate.name === name)
        if (!service || registry.liveCommands().some(({ pid }) => pid === service.pid)) return service
        await stopProcess(service, service.stopBy)
        registry.removeService(name)
        return undefined
      })
      // A command that ends wants the registry itself, to leave the home.
      if (enlisted) await stopProcess(enlisted, enlisted.stopBy)
    },
    status() {
      return withRegistry(home.registry, (registry) => ({
        commands: registry.liveCommands(),
        services: registry.services().filter(isAlive),
      }))
    },
    leave() {
      leaving ??= Promise.all(underway).then(() => leaveHome(home, self))
      return leaving
    },
  }
}

function withServiceLock<Result>(home: Home, name: string, work: () => Promise<Result>): Promise<Result> {
  return withFileLock(join(home.processes, `${name}.lock`), work)
}

function registered(home: Home, name: string): Promise<Service | undefined> {
  return withRegistry(home.registry, (registry) => registry.services().find((service) => service.name === name))
}

async function ensureService<Info extends Json>(home: Home, name: string, recipe: ServiceRecipe<Info>): Promise<Info> {
  const stopBy = recipe.stopBy ?? politely
  const running = await registered(home, name)
  if (running && isAlive(running)) {
    const info = running.info as Info | undefined
    if (info !== undefined && (await recipe.isHealthy(info))) return info
    await stopProcess(running, running.stopBy)
  }
  const register = (pid: number, info: Info | undefined) =>
    withRegistry(home.registry, (registry) =>
      registry.setService({ name, stopBy, info, ...(identify(pid) ?? { pid, start: '' }) }),
    )
  const { pid, info } = await recipe.start((pid) => register(pid, undefined))
  await register(pid, info)
  return info
}

/** The registry stays held while the services stop, so that a command that joins meanwhile starts anew instead of using a dying one. */
function leaveHome(home: Home, self: Command): Promise<void> {
  return withRegistry(home.registry, async (registry) => {
    registry.removeCommand(self.id)
    if (registry.liveCommands().length > 0) return
    const services = registry.services()
    await Promise.all(services.map((service) => stopProcess(service, service.stopBy)))
    for (const { name } of services) registry.removeService(name)
  })
}
