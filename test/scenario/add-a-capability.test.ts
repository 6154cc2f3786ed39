import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHome } from '../../orchestrator/home/home.ts'
import { linkPackages } from '../support/link-packages.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { root } from '../support/remit-command.ts'
import { runProgram } from '../support/run-program.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// The guide as a person follows it: each block is pasted into a shell, in a copy of the project.

const page = readFileSync(join(root, 'docs/guides/add-a-capability.md'), 'utf8')
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
const left = new Set(['node_modules', 'dist', '.git', '.remit', 'coverage', 'bench'])
const minutes = 60_000

let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder('remit-guide-')
  for (const name of readdirSync(root)) {
    if (!left.has(name)) cpSync(join(root, name), join(folder.path, name), { recursive: true })
  }
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  // Jails see the packages that servers need; what only checks the code may lie elsewhere.
  linkPackages(Object.keys({ ...dependencies, ...optionalDependencies }), folder.path)
  for (const place of ['', '@biomejs', '@types', '@modelcontextprotocol', '.bin']) linkTheRest(place)
}, 2 * minutes)

function linkTheRest(scope: string): void {
  const [here, there] = [join(root, 'node_modules', scope), join(folder.path, 'node_modules', scope)]
  if (!existsSync(there)) return
  for (const name of readdirSync(here)) {
    if (!existsSync(join(there, name))) symlinkSync(join(here, name), join(there, name))
  }
}

afterAll(async () => {
  await runProgram(['node', 'orchestrator/main.ts', 'stop'], folder.path)
  await removePlacedData(openHome(join(folder.path, '.remit')))
  await folder.remove()
}, minutes)

const paste = async (block: string) => {
  // As in a shell that stops at the first thing that goes wrong.
  const { code, stdout, stderr } = await runProgram(['bash', '-ec', block], folder.path)
  if (code !== 0) throw new Error(`this ended with ${code}:\n${block.slice(0, 500)}\n\n${stdout}\n${stderr}`)
  return stdout
}

test(
  'every step of the guide works as it is written, and ends with one ticket for each call for help',
  async () => {
    expect(blocks.length).toBeGreaterThan(5)
    const said: string[] = []
    for (const block of blocks) said.push(await paste(block))
    const all = said.join('\n')
    expect(all).toContain('Made servers/tickets')
    expect(all).toMatch(/Tests {2}\d+ passed/)
    expect(all.match(/✓ Succeeded/g)).toHaveLength(2)
    const tickets = JSON.parse(readFileSync(join(folder.path, '.remit/emulators/tickets/account.json'), 'utf8'))
    expect(tickets.records).toMatchObject([
      { name: 'Ada cannot log in', priority: 'urgent', comments: [{ text: 'It began today.' }] },
      { name: 'Grace cannot log in', priority: 'normal', comments: [{ text: 'Since noon.' }] },
    ])
  },
  10 * minutes,
)
