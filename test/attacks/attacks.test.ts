import { readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultLimits } from '../../orchestrator/execute/limits.ts'
import { type DriverName, driverNames, type SandboxDriver } from '../../orchestrator/execute/sandbox/driver.ts'
import { StdioTransport } from '../../orchestrator/execute/stdio-transport.ts'
import { firstLine, type JailedProgram, jailedLaunch, openJailed, workingDrivers } from '../support/jailed.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type AttackName, attackWords, type BombName, bombWords, networkWords, type Tried } from './attack-list.ts'
import { type Column, matrixText, withMatrix } from './matrix.ts'
import { tryNetwork } from './network-attacks.ts'
import { plantTargets } from './targets.ts'

const page = join(import.meta.dirname, '../../docs/reference/sandbox.md')
const patienceMs = 120_000

/** What is known to get through, by driver; on the reference page, too. */
const gaps: Record<DriverName, (AttackName | BombName)[]> = {
  none: [
    'read_file',
    'read_through_link',
    'follow_link',
    'read_through_hard_link',
    'read_through_proc',
    'write_file',
    'read_environ',
    'read_memory',
    'trace',
    'signal',
    'connect_tcp',
    'connect_unix',
    'connect_abstract',
    'send_udp',
    'ask_dns',
    'listen',
    'route',
    'scratch_bomb',
  ],
  'node-permission': ['follow_link', 'signal'],
  srt: ['scratch_bomb'],
  bwrap: [],
}
/** Depends on the machine: without any network there is no route to find, and some kernels let nobody trace. */
const unsure: (AttackName | BombName)[] = ['route', 'trace', 'read_memory']

const bombs: Record<BombName, number> = {
  fork_bomb: 200,
  memory_bomb: 600,
  disk_bomb: 160,
  nameless_bomb: 160,
  scratch_bomb: 80,
  stdout_flood: 200,
}
const limits = { memory_mb: 256, processes: 96, scratch_mb: 16 }

process.env.REMIT_PLANTED = 'a value of the environment of Remit'
const drivers = await workingDrivers()
const columns = new Map<string, Column>()

/** Every driver that works here; the strong ones are skipped where they are not installed. */
describe.each(driverNames.map((name) => [name, drivers.find((driver) => driver.name === name)] as const))(
  'a hostile server in a jail by %s',
  (name, driver) => {
    const column: Column = {}
    beforeAll(() => {
      if (driver) columns.set(name, column)
    })

    test.runIf(driver)(
      'gets no further than what is said of the driver',
      async () => {
        const tried = await attack(driver as SandboxDriver)
        const through = tried.filter((each) => each.through).map(({ attack }) => attack)
        expect(through.filter((attack) => !gaps[name].includes(attack))).toEqual([])
        const surely = gaps[name].filter((gap) => gap in attackWords && !unsure.includes(gap))
        expect(surely.filter((gap) => !through.some((attack) => attack === gap))).toEqual([])
        for (const { attack } of tried) column[attack] = !gaps[name].includes(attack)
      },
      patienceMs,
    )

    test.runIf(driver)(
      'reaches no further than its doors, and shows nobody a secret',
      async () => {
        const through = await tryNetwork(name)
        expect(Object.entries(through).filter(([, got]) => got)).toEqual([])
        for (const [attack, got] of Object.entries(through)) column[attack] = !got
      },
      patienceMs,
    )

    test.runIf(driver).each(Object.keys(bombs) as BombName[])(
      'is held to what it was granted: %s',
      async (bomb) => {
        const held = await drop(driver as SandboxDriver, bomb)
        column[bomb] = held
        expect(held).toBe(!gaps[name].includes(bomb))
      },
      patienceMs,
    )
  },
)

async function attack(driver: SandboxDriver): Promise<Tried[]> {
  const folder = await temporaryFolder('remit-hostile-')
  await using planted = await plantTargets()
  await symlink(planted.targets.file, join(folder.path, planted.targets.link))
  try {
    await using jailed = await openJailed({
      driver,
      script: 'test/attacks/fixtures/hostile-program.ts',
      args: [JSON.stringify(planted.targets)],
      dataFolder: folder.path,
    })
    const line = await firstLine(jailed)
    if (line === undefined) throw new Error(`the hostile server ended with ${jailed.process.ending()}`)
    return await planted.seen(JSON.parse(line) as Tried[])
  } finally {
    await folder.remove()
  }
}

/** True where it was stopped, or told that there is no more, before it had all that it wanted. */
async function drop(driver: SandboxDriver, bomb: BombName): Promise<boolean> {
  const folder = await temporaryFolder('remit-hostile-')
  const scratch = `/tmp/remit-filling-${process.pid}`
  try {
    const program = {
      driver,
      script: 'test/attacks/fixtures/bomb-program.ts',
      args: [bomb, String(bombs[bomb]), scratch],
      dataFolder: folder.path,
      jail: limits,
    }
    if (bomb === 'stdout_flood') return (await endingOf(program)) === 'wrote a line without an end'
    await using jailed = await openJailed(program)
    return (await firstLine(jailed))?.includes('through') !== true
  } finally {
    await rm(scratch, { recursive: true, force: true })
    await folder.remove()
  }
}

/** How the server ends that is spoken to as the gateway speaks to servers. */
async function endingOf(program: JailedProgram): Promise<string | undefined> {
  const { launch } = await jailedLaunch(program)
  const transport = new StdioTransport(launch, defaultLimits)
  const closed = new Promise<void>((resolve) => {
    transport.onclose = resolve
  })
  try {
    await transport.start()
    await closed
    return transport.ending
  } finally {
    await transport.close()
  }
}

describe('the table of the reference', () => {
  const complete = () =>
    [...columns.values()].every((column) =>
      Object.keys({ ...attackWords, ...networkWords, ...bombWords }).every((each) => each in column),
    )
  const text = async () => withMatrix(await readFile(page, 'utf8'), matrixText(columns))

  test.runIf(drivers.length === driverNames.length)('is what these attacks have shown', async () => {
    expect(complete()).toBe(true)
    if (process.env.REMIT_WRITE_DOCS) await writeFile(page, await text())
    expect(await readFile(page, 'utf8')).toBe(await text())
  })
})

afterAll(() => {
  delete process.env.REMIT_PLANTED
})
