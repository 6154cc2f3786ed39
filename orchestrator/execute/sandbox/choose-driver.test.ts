import { expect, test } from 'vitest'
import { chooseDriver } from './choose-driver.ts'
import type { DriverName, SandboxDriver } from './driver.ts'

function drivers(working: readonly DriverName[], asked: DriverName[] = []): SandboxDriver[] {
  const names: DriverName[] = ['none', 'node-permission', 'srt', 'bwrap']
  return names.map((name) => ({
    name,
    stops: [],
    namesDoors: true,
    refuses: () => undefined,
    async available() {
      asked.push(name)
      return working.includes(name) ? { works: true } : { works: false, why: 'is not there', advice: `install ${name}` }
    },
    wrap: () => Promise.reject(new Error('nothing is wrapped here')),
  }))
}

test('auto takes the strongest that works, and does not try what is weaker', async () => {
  const asked: DriverName[] = []
  const found = await chooseDriver(drivers(['none', 'node-permission', 'srt'], asked), 'auto', 'node-permission')
  expect(found.name).toBe('srt')
  expect(asked).toEqual(['bwrap', 'srt'])
})

test('auto never resolves to none, though none would do', async () => {
  await expect(chooseDriver(drivers(['none']), 'auto', 'none')).rejects.toThrow(/There is no sandbox.*install bwrap/)
})

test('none is taken where it is asked for by name', async () => {
  expect((await chooseDriver(drivers(['none', 'bwrap']), 'none', 'none')).name).toBe('none')
})

test('nothing below the minimum starts, and it is said what to install', async () => {
  await expect(chooseDriver(drivers(['node-permission']), 'auto', 'bwrap')).rejects.toThrow(
    /sandbox\.minimum asks for bwrap.*only srt.*install bwrap/,
  )
  await expect(chooseDriver(drivers(['node-permission']), 'node-permission', 'srt')).rejects.toThrow(
    'sandbox.minimum asks for srt or stronger',
  )
})

test('a driver that was asked for by name is not replaced by another', async () => {
  await expect(chooseDriver(drivers(['srt']), 'bwrap', 'none')).rejects.toThrow('bwrap: is not there; install bwrap')
})
