import { readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isRunning } from '../test/support/hostile-gateway.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { type KeptProcesses, keepProcesses, type Patience } from './keep-processes.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let kept: KeptProcesses | undefined
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  kept?.stop()
  await kept?.close()
  kept = undefined
  await folder.remove()
})

const impatient: Patience = {
  restart: { firstMs: 10, longestMs: 40, wellMs: 60_000 },
  leaveMs: 60_000,
  stopMs: 60_000,
}
const untilStdinEnds = "process.stdin.resume().on('end', () => process.exit())"
const never = 'setTimeout(() => {}, 30_000)'

/** Processes that each write down their pid, and then do what the script says. */
function keep(script: string, count = 1, patience: Partial<Patience> = {}, command = process.execPath): void {
  const writes = `require('node:fs').appendFileSync(process.argv[1], process.pid + '\\n');`
  const launch = { command, args: ['-e', `${writes}${script}`, join(folder.path, 'pids')], cwd: folder.path, env: {} }
  kept = keepProcesses(launch, count, { ...impatient, ...patience })
}

async function pids(): Promise<number[]> {
  const text = await readFile(join(folder.path, 'pids'), 'utf8').catch(() => '')
  return text.split('\n').filter(Boolean).map(Number)
}

async function started(count: number): Promise<number[]> {
  await vi.waitFor(async () => expect(await pids()).toHaveLength(count), { timeout: 20_000 })
  return pids()
}

describe('processes that are kept', () => {
  test('are started again when they die, and end when they are let go', async () => {
    keep(untilStdinEnds, 2)
    const [first] = await started(2)
    process.kill(Number(first), 'SIGKILL')
    const all = await started(3)
    await kept?.close()
    expect(all.filter(isRunning)).toEqual([])
    expect(await pids()).toEqual(all)
  })

  test('are started as soon as they can be', async () => {
    const command = join(folder.path, 'node')
    keep(untilStdinEnds, 1, {}, command)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await pids()).toEqual([])
    await symlink(process.execPath, command)
    await started(1)
  })

  test('are asked once more where everything is to stop at once', async () => {
    keep(`process.on('SIGTERM', () => process.exit());${never}`)
    const all = await started(1)
    const closed = kept?.close()
    kept?.stop()
    await closed
    expect(all.filter(isRunning)).toEqual([])
  })

  test.each(['leaveMs', 'stopMs'] as const)('are killed where they do not heed that within %s', async (limit) => {
    keep(`process.on('SIGTERM', () => {});${never}`, 1, { [limit]: 100 })
    const all = await started(1)
    const closed = kept?.close()
    if (limit === 'stopMs') kept?.stop()
    await closed
    expect(all.filter(isRunning)).toEqual([])
  })
})
