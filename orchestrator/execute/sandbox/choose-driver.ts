import { type DriverName, driverNames, type SandboxDriver } from './driver.ts'

export type DriverChoice = 'auto' | DriverName

/** There is no driver as the configuration wants it. */
export class NoSandboxError extends Error {
  override readonly name = 'NoSandboxError'
}

/**
 * The driver that was asked for; `auto` is the strongest that works, and never none. Throws a {@link NoSandboxError} where it
 * does not work, or is weaker than the least that the configuration takes: it says what to install.
 */
export async function chooseDriver(
  drivers: readonly SandboxDriver[],
  choice: DriverChoice,
  minimum: DriverName,
): Promise<SandboxDriver> {
  const strength = ({ name }: SandboxDriver) => driverNames.indexOf(name)
  const least = driverNames.indexOf(minimum)
  const asked = drivers.filter(({ name }) => (choice === 'auto' ? name !== 'none' : name === choice))
  const missing: string[] = []
  for (const driver of asked.toSorted((a, b) => strength(b) - strength(a))) {
    if (strength(driver) < least) {
      const mend = missing.length > 0 ? `. ${missing.join('. ')}` : ''
      throw new NoSandboxError(
        `sandbox.minimum asks for ${minimum} or stronger, and there is only ${driver.name}${mend}`,
      )
    }
    const found = await driver.available()
    if (found.works) return driver
    missing.push(`${driver.name}: ${found.why}; ${found.advice}`)
  }
  throw new NoSandboxError(`There is no sandbox (sandbox.driver is ${choice}). ${missing.join('. ')}`)
}
