import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { nameOfSource, readSource } from './read-source.ts'
import { runSourceCommand } from './run-source-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-sources-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const printing = (script: string) => [process.execPath, '-e', script]

describe('a file', () => {
  const file = join(folder, 'key')
  const withMode = (mode: number) => {
    writeFileSync(file, 'sk_1\n')
    chmodSync(file, mode)
    return readSource({ file }, {})
  }

  test.each([0o600, 0o400])('is read where only its owner may: %o', async (mode) => {
    expect(await withMode(mode)).toEqual({ value: 'sk_1' })
  })

  test.skipIf(process.platform === 'win32').each([0o640, 0o604, 0o620, 0o610])(
    'that others may use is refused, with what mends it: %o',
    async (mode) => {
      expect(await withMode(mode)).toEqual({
        fault: `comes from the file ${file}, which others may use (mode 0${mode.toString(8)}): run chmod 600 ${file}`,
      })
    },
  )

  test('that is not there, or is a folder, is named', async () => {
    expect(await readSource({ file: join(folder, 'none') }, {})).toMatchObject({
      fault: expect.stringContaining('ENOENT'),
    })
    chmodSync(folder, 0o700)
    expect(await readSource({ file: folder }, {})).toMatchObject({ fault: expect.stringContaining('EISDIR') })
  })
})

describe('a command', () => {
  test('gives what it prints, without the line end, and finds the operator’s own environment', async () => {
    const exec = printing('console.log(process.env.VAULT_TOKEN + "-key")')
    expect(await readSource({ exec }, { VAULT_TOKEN: 'mine' })).toEqual({ value: 'mine-key' })
  })

  test('is started without a shell', async () => {
    const exec = [...printing('console.log(process.argv.at(-1))'), '$HOME; echo stolen']
    expect(await readSource({ exec }, {})).toEqual({ value: '$HOME; echo stolen' })
  })

  test('that fails is named by its program alone: neither its arguments nor what it wrote are told', async () => {
    const exec = printing('console.log("sk_half"); console.error("sk_stderr"); process.exit(3)')
    expect(await readSource({ exec }, {})).toEqual({
      fault: `comes from the command ${process.execPath}, which ended with exit code 3: try it in a terminal`,
    })
    expect(await readSource({ exec: [join(folder, 'no-such-vault')] }, {})).toEqual({
      fault: `comes from the command ${join(folder, 'no-such-vault')}, which cannot be started (ENOENT)`,
    })
    expect(await readSource({ exec: printing('') }, {})).toMatchObject({
      fault: expect.stringContaining('printed nothing'),
    })
  })

  test('that hangs is ended, and one that prints without end too', async () => {
    expect(await runSourceCommand(printing('setInterval(() => {}, 1000)'), {}, 200)).toEqual({
      fault: 'did not end within 0.2 s',
    })
    expect(await runSourceCommand(printing('for (;;) console.log("x".repeat(10000))'), {})).toEqual({
      fault: 'printed more than 65536 bytes',
    })
  })
})

test('a source is named without a value', () => {
  expect(nameOfSource({ exec: ['op', 'read', 'op://vault/stripe/key'] })).toBe('the command op')
  expect(nameOfSource({ keychain: 'remit/stripe' })).toBe('the keychain entry remit/stripe')
  expect(nameOfSource({ env: 'KEY' })).toBe('the environment variable KEY')
  expect(nameOfSource({ value: 'shown nowhere' })).toBe('the configuration')
})
