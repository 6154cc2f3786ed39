// The first program in a jail that has processes of its own: tries the canaries, serves the doors, and starts the server.
import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { dropBomb } from './bomb.ts'
import type { FromEntrance, ToEntrance } from './canary-plan.ts'
import { openChannel } from './channel.ts'
import { markVariable } from './mark-variable.ts'
import { serveDoors } from './serve-doors.ts'
import { tryCanaries } from './try-canaries.ts'

const channelDescriptor = 3
const channel = openChannel(new Socket({ fd: channelDescriptor }), {
  onMessage: (message) => {
    obey(message as ToEntrance).catch((error: unknown) => tell({ say: 'failed', why: String(error) }))
  },
  // Nobody is left to answer to.
  onClose: () => {
    server?.kill('SIGKILL')
    process.exit(1)
  },
})
let server: ChildProcess | undefined

function tell(message: FromEntrance): void {
  channel.send(message)
}

async function obey(message: ToEntrance): Promise<void> {
  if (message.say === 'prove') return tell({ say: 'proof', observations: await tryCanaries(message.plan) })
  if (message.say === 'bomb') return dropBomb(message, (amount) => tell({ say: 'reached', amount }))
  await serveDoors(message, channel)
  startServer(message)
}

/** The server has its own environment, the three streams of stdio, and nothing of the channel; how it ends is how this process ends. */
function startServer({ command, args, env }: Extract<ToEntrance, { say: 'start' }>): void {
  const mark = process.env[markVariable]
  const started = spawn(command, args, { stdio: 'inherit', env: { ...env, ...(mark && { [markVariable]: mark }) } })
  server = started
  started.once('spawn', () => tell({ say: 'listening' }))
  started.once('error', ({ message }) => tell({ say: 'failed', why: message }))
  started.once('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => started.kill(signal))
}

tell({ say: 'ready' })
