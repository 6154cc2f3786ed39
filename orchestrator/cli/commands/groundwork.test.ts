import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { packageVersion } from '../../../shared/own-package.ts'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { isGroundwork, runGroundwork } from '../run-cli.ts'

let folder: string
let terminal: FakeTerminal
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-groundwork-'))
  terminal = new FakeTerminal()
  terminal.folder = folder
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const cli = (args: string[], project?: string) => runGroundwork(args, project, terminal)
const packageJson = () => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

test('is what makes or mends a project, and outside any project what asks for help', () => {
  expect(['init', 'new', 'manifest'].map((command) => isGroundwork([command], folder))).toEqual([true, true, true])
  expect(isGroundwork(['run', 'onboard'], undefined)).toBe(false)
  expect(isGroundwork(['--help'], undefined)).toBe(true)
  expect(isGroundwork(['--help'], folder)).toBe(false)
})

describe('init', () => {
  test('makes a project that depends on this version, and says what comes next', async () => {
    expect(await cli(['init'])).toBe(0)
    expect(packageJson()).toMatchObject({
      type: 'module',
      dependencies: { remit: packageVersion, zod: expect.any(String), hono: expect.any(String) },
      scripts: { test: 'remit-node npm run --silent gate' },
    })
    const files = [
      '.gitignore',
      'biome.json',
      'goals',
      'remit.config.yaml',
      'policy.yaml',
      'servers',
      'test',
      'tsconfig.json',
    ]
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(files))
    expect(readFileSync(join(folder, 'servers/guestbook/server.ts'), 'utf8')).toContain("from 'remit/capability'")
    expect(terminal.out).toContain('npm install\n  npx remit manifest')
    expect(terminal.programs).toEqual([])
  })

  test('makes one in another folder, and keeps what its package.json says', async () => {
    await cli(['init', 'first'])
    expect(existsSync(join(folder, 'first/remit.config.yaml'))).toBe(true)
    const before = {
      name: 'mine',
      dependencies: { remit: 'file:../remit.tgz', left: '1.0.0' },
      scripts: { start: 'mine' },
    }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(before))
    expect(await cli(['init'])).toBe(0)
    const { name, dependencies, scripts } = packageJson()
    expect(name).toBe('mine')
    expect(dependencies).toMatchObject(before.dependencies)
    expect(scripts).toMatchObject({ start: 'mine', remit: 'remit' })
  })

  test.each([
    ['policy.yaml', 'rules: []\n', 'policy.yaml'],
    ['package.json', '[', 'is not a JSON object'],
  ])('writes nothing where %s is in its way', async (file, text, said) => {
    writeFileSync(join(folder, file), text)
    expect(await cli(['init'])).toBe(2)
    expect(terminal.err).toContain(said)
    expect(readdirSync(folder)).toEqual([file])
    expect(readFileSync(join(folder, file), 'utf8')).toBe(text)
  })
})

describe('new', () => {
  test('makes the folder of a server, and has the manifest written by a process of its own', async () => {
    expect(await cli(['new', 'crm', '--thing', 'contact', '--title', 'CRM'], folder)).toBe(0)
    expect(terminal.out).toContain('Made servers/crm')
    expect(readFileSync(join(folder, 'servers/crm/server.ts'), 'utf8')).toContain("name: 'create_contact'")
    expect(terminal.programs).toMatchObject([
      { name: process.execPath, args: [expect.stringMatching(/manifest\.ts$/), '--project', folder] },
    ])
  })

  test.each([
    [['new', 'two words'], 'one word'],
    [['new', 'crm', '--thing', 'Contact'], 'The thing is "Contact"'],
  ])('refuses %j, and makes nothing', async (args, said) => {
    expect(await cli(args, folder)).toBe(2)
    expect(terminal.err).toContain(said)
    expect(readdirSync(folder)).toEqual([])
  })

  test('leaves a server of the name as it is', async () => {
    await cli(['new', 'crm'], folder)
    writeFileSync(join(folder, 'servers/crm/server.ts'), 'mine')
    expect(await cli(['new', 'crm'], folder)).toBe(2)
    expect(terminal.err).toContain('is there already')
    expect(readFileSync(join(folder, 'servers/crm/server.ts'), 'utf8')).toBe('mine')
  })

  test('ends as the manifest’s process does, where that fails', async () => {
    terminal.exitCode = 1
    expect(await cli(['new', 'crm'], folder)).toBe(1)
    expect(terminal.out).not.toContain('Review')
  })
})

test('manifest needs a project, and says whether it would change', async () => {
  expect(await cli(['manifest', '--check'])).toBe(2)
  expect(terminal.err).toContain('npx remit init')
  terminal.exitCode = 1
  expect(await cli(['manifest', '--check'], folder)).toBe(1)
  expect(terminal.programs[0]?.args.slice(1)).toEqual(['--project', folder, '--check'])
})
