import { expect, test } from 'vitest'
import { nodePermissionDriver } from './node-permission.ts'

const launch = (command: string, args: string[]) => ({ command, args, cwd: '/', env: {}, secrets: [] })
const { refuses } = nodePermissionDriver()

test('takes a script with arguments of its own, and no program but Node', () => {
  expect(refuses(launch(process.execPath, ['server.ts', '--allow-child-process']))).toBeUndefined()
  expect(refuses(launch('python3', ['server.py']))).toBe('python3 is not Node')
})

test.each(['--allow-child-process', '--allow-net', '--no-permission', '--env-file=own.env', '-r', '-'])(
  'refuses a command that could take back what is denied: %s',
  (option) => {
    expect(refuses(launch(process.execPath, [option, 'server.ts']))).toContain(`Node's own option ${option}`)
  },
)
