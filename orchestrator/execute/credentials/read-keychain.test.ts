import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { readKeychain } from './read-keychain.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-keychain-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  for (const tool of ['security', 'secret-tool']) rmSync(join(folder, tool), { force: true })
})

/** Stands in for the system's tool: a shell script that is found first. */
function install(tool: 'security' | 'secret-tool', script: string): void {
  writeFileSync(join(folder, tool), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, tool), 0o755)
}

const withTools = { PATH: [folder, '/usr/bin', '/bin'].join(delimiter) }
/** Where the machine's own tools are not found either. */
const alone = { PATH: folder }

describe.skipIf(process.platform === 'win32')('an entry of the keychain', () => {
  test('is asked for by service and account, on macOS', async () => {
    install('security', 'printf "%s " "$@"')
    expect(await readKeychain('remit/stripe', withTools, 'darwin')).toEqual({
      value: 'find-generic-password -w -s remit -a stripe',
    })
  })

  test('is asked for by the attributes that other programs use too, on Linux, where its service may hold slashes', async () => {
    install('secret-tool', 'printf "%s|" "$@"')
    expect(await readKeychain('https://api.example/remit key', withTools, 'linux')).toEqual({
      value: 'lookup|service|https://api.example|username|remit key|',
    })
  })

  test('is read in the session of who started Remit, without the line end', async () => {
    install('secret-tool', 'echo "sk_of_$DBUS_SESSION_BUS_ADDRESS"')
    const environment = { ...withTools, DBUS_SESSION_BUS_ADDRESS: 'mine' }
    expect(await readKeychain('remit/stripe', environment, 'linux')).toEqual({ value: 'sk_of_mine' })
  })

  test.each([
    ['linux', 'secret-tool', 1, 'which is not there, or locked: store it with secret-tool store --label='],
    [
      'darwin',
      'security',
      44,
      "which is not there: store it with security add-generic-password -s 'remit' -a 'stripe' -w",
    ],
    ['darwin', 'security', 36, 'which is locked, or was not allowed to be read: unlock the keychain'],
    ['darwin', 'security', 3, ': security ended with exit code 3: try it in a terminal'],
    ['linux', 'secret-tool', 0, ', which is empty'],
  ] as const)(
    'that cannot be had, on %s by %s with exit code %i, is told with what mends it',
    async (platform, tool, code, why) => {
      install(tool, `echo "sk_half of it" >&2; exit ${code}`)
      const found = await readKeychain('remit/stripe', withTools, platform)
      expect(found).toEqual({ fault: expect.stringMatching(/^comes from the keychain entry remit\/stripe[,:]/) })
      expect(JSON.stringify(found)).toContain(why)
      expect(JSON.stringify(found)).not.toContain('sk_half')
    },
  )

  test.each([
    ['linux', 'and secret-tool is not here to read it: install libsecret-tools'],
    ['darwin', 'and security is not here to read it: it is a part of macOS'],
    ['win32', 'and no tool is known that reads one on win32: write { exec: [COMMAND, …] }'],
  ] as const)('on %s without the tool is told with what to do', async (platform, why) => {
    expect(await readKeychain('remit/stripe', alone, platform)).toEqual({ fault: expect.stringContaining(why) })
  })
})
