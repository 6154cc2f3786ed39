import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { initProject } from '../../orchestrator/scaffold/init-project.ts'
import { newServer } from '../../orchestrator/scaffold/new-server.ts'
import { serverNames } from '../../orchestrator/scaffold/server-names.ts'
import { linkPackages } from './link-packages.ts'
import { root } from './remit-command.ts'
import { runProgram } from './run-program.ts'

/** What the kit, and so every server of the project, stands on. */
const packages = [
  '@hono/node-server',
  '@modelcontextprotocol/client',
  '@modelcontextprotocol/node',
  '@modelcontextprotocol/server',
  'ajv',
  'ajv-formats',
  'canonicalize',
  'hono',
  'jose',
  'pino',
  'zod',
]

/** A project as `remit init` makes it, with the checkout's kit in the place of the installed package. */
export interface OwnProject {
  root: string
  /** The text of a file of it. */
  read(path: string): string
  write(path: string, text: string): void
  /** Has every word pair replaced in a file; each has to be there. */
  edit(path: string, changes: Readonly<Record<string, string>>): void
  /** Makes a folder under `servers/`, as `remit new` does. */
  addServer(name: string, thing: string): void
  removeServer(name: string): void
  /** Writes `servers/manifest.json`, as `remit manifest` does. */
  writeManifest(): Promise<void>
}

/** Makes one in a folder that is not there yet. */
export async function makeOwnProject(folder: string): Promise<OwnProject> {
  const at = (path: string) => join(folder, path)
  const kit = at('shared')
  mkdirSync(folder)
  linkPackages(packages, folder)
  cpSync(join(root, 'shared'), kit, { recursive: true })
  const module = (name: string) => `./capability/${name}.ts`
  const exports = { './capability': module('index'), './capability/emulator': module('emulator') }
  writeFileSync(join(kit, 'package.json'), JSON.stringify({ name: 'remit', type: 'module', exports }))
  symlinkSync(join('..', 'shared'), at('node_modules/remit'))
  initProject(folder)
  const project: OwnProject = {
    root: folder,
    read: (path) => readFileSync(at(path), 'utf8'),
    write(path, text) {
      // Whoever follows the file never reads half of it.
      writeFileSync(at(`${path}.new`), text)
      renameSync(at(`${path}.new`), at(path))
    },
    edit(path, changes) {
      const edited = Object.entries(changes).reduce((text, [from, to]) => {
        if (!text.includes(from)) throw new RangeError(`${path} does not hold ${from}`)
        return text.replace(from, to)
      }, project.read(path))
      project.write(path, edited)
    },
    addServer: (name, thing) => void newServer(folder, serverNames(name, { thing })),
    removeServer: (name) => rmSync(at(`servers/${name}`), { recursive: true }),
    async writeManifest() {
      const { code, stderr } = await runProgram(
        [process.execPath, join(root, 'scripts/manifest.ts'), '--project', folder],
        folder,
      )
      if (code !== 0) throw new Error(`no manifest was written:\n${stderr}`)
    },
  }
  await project.writeManifest()
  return project
}
