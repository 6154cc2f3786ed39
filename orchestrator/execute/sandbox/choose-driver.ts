import { type DriverName, driverNames, type SandboxDriver } from './driver.ts'

export type DriverChoice = 'auto' | DriverName

/** A driver, and whether it works here. */
export interface Tried {
  driver: SandboxDriver
  works: boolean
  why?: string
  advice?: string
}

/** There is no driver as the configuration wants it. */
export class NoSandboxError extends Error {
  override readonly name = 'NoSandboxError'
}

/** Tries every driver at once. */
export function tryDrivers(drivers: readonly SandboxDriver[]): Promise<Tried[]> {
  return Promise.all(
    drivers.map(async (driver) => {
      const found = await driver.available()
      return found.works ? { driver, works: true } : { driver, ...found }
    }),
  )
}

/**
 * The driver that was asked for; `auto` is the strongest that works, and never none. Throws a {@link NoSandboxError} where it
 * does not work, or is weaker than the least that the configuration takes.
 */
export function chooseDriver(tried: readonly Tried[], choice: DriverChoice, minimum: DriverName): SandboxDriver {
  const strength = ({ name }: Pick<SandboxDriver, 'name'>) => driverNames.indexOf(name)
  const least = driverNames.indexOf(minimum)
  const strongestFirst = tried.toSorted((a, b) => strength(b.driver) - strength(a.driver))
  const asked = strongestFirst.filter(({ driver }) =>
    choice === 'auto' ? driver.name !== 'none' : driver.name === choice,
  )
  const found = asked.find(({ works }) => works)?.driver
  const advice = strongestFirst.flatMap(({ driver, works, why, advice }) =>
    works || driver.name === 'none' ? [] : [`${driver.name}: ${why}; ${advice}`],
  )
  const mend = advice.length > 0 ? `. ${advice.join('. ')}` : ''
  if (!found)
    throw new NoSandboxError(
      choice === 'auto' ? `No sandbox works on this machine${mend}` : `The sandbox ${choice} does not work here${mend}`,
    )
  if (strength(found) < least)
    throw new NoSandboxError(
      `The strongest sandbox to be had is ${found.name}; sandbox.minimum asks for ${minimum} or stronger${mend}`,
    )
  return found
}
