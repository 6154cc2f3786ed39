// Holds the one policy of one jail for as long as that lives: the sandbox runtime knows no second policy in a process.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SandboxManager } from '@anthropic-ai/sandbox-runtime'
import { type SrtPolicy, srtCommand, srtConfig } from './srt-policy.ts'

const lookEveryMs = 1_000
const vendor = join(dirname(fileURLToPath(import.meta.resolve('@anthropic-ai/sandbox-runtime'))), '..', 'vendor')
const [words = '', trial] = process.argv.slice(2)
const policy = JSON.parse(words) as SrtPolicy
const parent = process.ppid

const { errors } = SandboxManager.checkDependencies()
if (errors.length > 0) {
  process.stderr.write(`${errors.join('; ')}\n`)
  process.exit(1)
}
await SandboxManager.initialize(srtConfig(policy, vendor))
const command = trial === undefined ? srtCommand(policy) : 'exit 0'
const { argv } = await SandboxManager.wrapWithSandboxArgv(command, '/bin/sh', undefined, undefined, policy.cwd)
const [shell = '/bin/sh', ...args] = argv
const jailed = spawn(shell, args, {
  cwd: policy.cwd,
  env: process.env,
  stdio: ['inherit', 'inherit', 'inherit', ...(trial === undefined ? [3] : [])],
})
jailed.once('exit', (code, signal) => {
  SandboxManager.reset().finally(() => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)))
})
jailed.once('error', ({ message }) => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => jailed.kill('SIGKILL'))
// Where the kernel does not end this process with its parent, it notices by itself.
setInterval(() => {
  if (process.ppid !== parent) jailed.kill('SIGKILL')
}, lookEveryMs).unref()
