import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { killMarked, killOrphans, launchMarkVariable, newLaunchMark } from './launch-mark.ts'

// Elsewhere a process cannot read what another one was started with.
const onLinux = test.runIf(process.platform === 'linux')
const children: ChildProcess[] = []

async function startMarked(mark: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)'], {
    env: { [launchMarkVariable]: mark },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  await once(child.stdout, 'data')
  return child
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

test('no two launches have the same mark', () => {
  expect(newLaunchMark()).not.toBe(newLaunchMark())
})

onLinux('kills what bears the mark, and nothing else', async () => {
  const mark = newLaunchMark()
  const [marked, other] = await Promise.all([startMarked(mark), startMarked(`${mark}0`)])
  const ended = once(marked, 'exit')
  await killMarked(mark)
  expect(await ended).toEqual([null, 'SIGKILL'])
  expect(other.signalCode).toBeNull()
})

onLinux('kills what a process that lives no more has launched, and leaves what a living one did', async () => {
  const [orphan, ours, reused] = await Promise.all([
    startMarked('4194305.1.1'),
    startMarked(newLaunchMark()),
    startMarked(`${process.pid}.1.1`),
  ])
  const ended = Promise.all([once(orphan, 'exit'), once(reused, 'exit')])
  await killOrphans()
  await ended
  expect(ours.signalCode).toBeNull()
})

onLinux('what is no mark of ours is left alone', async () => {
  const strange = await Promise.all(['', '1', 'x.y.z', '..', '-1.5.1'].map(startMarked))
  await killOrphans()
  expect(strange.map(({ signalCode }) => signalCode)).toEqual(strange.map(() => null))
})
