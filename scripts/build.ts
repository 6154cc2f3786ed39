/** Compiles what the package holds into `dist/`, which mirrors the checkout: what is no code is copied. npm runs it before it packs. */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { codeFolder } from '../shared/own-package.ts'

const copied = ['drizzle', 'templates']
const dist = join(codeFolder, 'dist')
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))

rmSync(dist, { recursive: true, force: true })
// Types are checked by the gate.
const compile = [join(typescript, 'bin', 'tsc'), '--project', 'tsconfig.build.json', '--noCheck']
execFileSync(process.execPath, compile, { cwd: codeFolder, stdio: 'inherit' })
for (const folder of copied) cpSync(join(codeFolder, folder), join(dist, folder), { recursive: true })
