import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHome } from '../../orchestrator/home/home.ts'
import { linkPackages } from '../support/link-packages.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { root } from '../support/remit-command.ts'
import { runProgram } from '../support/run-program.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// A project of one's own from the packed package, by npm alone. What npm would fetch lies in the project already, so that
// neither a registry nor npm's cache is asked: the install is offline, with an empty cache.

interface Package {
  version: string
  dependencies: Record<string, string>
  optionalDependencies: Record<string, string>
}

const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package
const testedWith = ['@biomejs/biome', '@types/node', 'typescript', 'vitest']
const nextVersion = '99.0.0'
const minutes = 60_000

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let project: string

/** A command that has to succeed; returns what it printed. */
async function run(command: readonly string[], where = project): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, where)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`)
  return stdout
}

const remit = (...args: string[]) => run(['npx', 'remit', ...args])
const pack = (from: string, ...more: string[]) =>
  run(['npm', 'pack', '--silent', '--pack-destination', folder.path, ...more], from)

async function install(version: string): Promise<void> {
  // Without a lock npm takes what is there for what was wanted.
  const quietly = [
    '--offline',
    '--no-package-lock',
    '--cache',
    join(folder.path, 'cache'),
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
  ]
  await run(['npm', 'install', ...quietly, join(folder.path, `remit-${version}.tgz`)])
}

beforeAll(async () => {
  folder = await temporaryFolder('remit-package-')
  project = join(folder.path, 'shop')
  mkdirSync(project)
  linkPackages(Object.keys({ ...own.dependencies, ...own.optionalDependencies }), project)
  await pack(root)
  await install(own.version)
}, 5 * minutes)

afterAll(async () => {
  await runProgram(['npx', 'remit', 'stop'], project)
  await removePlacedData(openHome(join(project, '.remit')))
  await folder.remove()
}, minutes)

describe('a project of one’s own', () => {
  let first: string

  test(
    'says where it is not one yet, and is made by one command',
    async () => {
      const outside = await runProgram(['npx', 'remit', 'runs'], project)
      expect([outside.code, outside.stderr]).toEqual([2, expect.stringContaining('npx remit init')])
      expect(await remit('init')).toContain('the goal welcome, the server guestbook')
      const again = await runProgram(['npx', 'remit', 'init'], project)
      expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('remit.config.yaml')])
    },
    minutes,
  )

  test(
    'runs its goal with its own server alone, and keeps the record beside itself',
    async () => {
      const told = JSON.parse(await remit('run', 'welcome', '--input', '{"guest": "Ada"}', '--json'))
      expect(told).toMatchObject({ status: 'succeeded' })
      first = told.run_id
      const servers = JSON.parse(await remit('servers', '--json')) as { name: string; sandboxed: boolean }[]
      expect(servers).toMatchObject([{ name: 'guestbook', sandboxed: true }])
    },
    2 * minutes,
  )

  test(
    'gets a further server, which passes the whole gate as it is and serves a goal',
    async () => {
      linkPackages(testedWith, project)
      expect(await remit('new', 'crm', '--thing', 'contact')).toContain('servers/manifest.json: 6 tools, written')
      expect(await run(['npm', 'test'])).toMatch(/Tests {2}\d+ passed/)
      writeFileSync(
        join(project, 'goals', 'meet.yaml'),
        `goal: meet
title: Meet somebody
description: Keeps a contact.
input:
  type: object
  additionalProperties: false
  required: [who]
  properties:
    who: { type: string, description: 'A name, e.g. Ada.', fact: crm.contact_name }
outcomes:
  - { fact: crm.contact, on_failure: undo }
`,
      )
      const told = JSON.parse(await remit('run', 'meet', '--input', '{"who": "Ada"}', '--json'))
      expect(told).toMatchObject({ status: 'succeeded' })
    },
    5 * minutes,
  )

  test(
    'goes over to a newer version by a version bump, and its record with it',
    async () => {
      const next = join(folder.path, 'next')
      cpSync(join(project, 'node_modules', 'remit'), next, { recursive: true })
      const described = readFileSync(join(next, 'package.json'), 'utf8')
      writeFileSync(
        join(next, 'package.json'),
        described.replace(`"version": "${own.version}"`, `"version": "${nextVersion}"`),
      )
      await pack(next, '--ignore-scripts')
      expect(await remit('--version')).toBe(`${own.version}\n`)
      await install(nextVersion)
      expect(await remit('--version')).toBe(`${nextVersion}\n`)

      expect(JSON.parse(await remit('show', first, '--json'))).toMatchObject({ run_id: first, status: 'succeeded' })
      expect(JSON.parse(await remit('verify', '--json'))).toMatchObject({ problems: [] })
      const again = JSON.parse(await remit('run', 'welcome', '--input', '{"guest": "Grace"}', '--json'))
      expect(again).toMatchObject({ status: 'succeeded' })
    },
    5 * minutes,
  )
})
