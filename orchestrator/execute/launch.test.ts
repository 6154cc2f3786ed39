import { expect, test } from 'vitest'
import { workshop } from './fixtures/workshop-tools.ts'
import { describeLaunch } from './launch.ts'

const place = { root: '/project', dataFolder: '/home/servers/workshop' }

test('runs the manifest command from the root, `node` being the Node that runs Remit', () => {
  expect(
    describeLaunch(workshop('workshop', ['node', 'main.ts', '-x']), { values: {}, secrets: [] }, place),
  ).toMatchObject({
    command: process.execPath,
    args: ['main.ts', '-x'],
    cwd: '/project',
  })
  expect(describeLaunch(workshop('workshop', ['/opt/tool']), { values: {}, secrets: [] }, place).command).toBe(
    '/opt/tool',
  )
})

test('a slot cannot change what the launch itself says', () => {
  const { env } = describeLaunch(
    workshop('workshop', ['node']),
    { values: { REMIT_SERVER_DATA: '/elsewhere', API_KEY: 'k' }, secrets: [] },
    place,
  )
  expect(env).toMatchObject({ REMIT_SERVER_DATA: '/home/servers/workshop', API_KEY: 'k' })
  expect(env).not.toHaveProperty('HOME')
})
