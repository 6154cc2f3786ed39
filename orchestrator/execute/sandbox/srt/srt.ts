import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ownModule } from '../../../../shared/own-package.ts'
import { systemEnvironment } from '../../launch.ts'
import { quickAttacks } from '../attack.ts'
import type { Availability, SandboxDriver } from '../driver.ts'
import { entrance } from '../entrance-files.ts'
import { makeJailFolder } from '../jail-folder.ts'
import { leash } from '../leash.ts'
import type { SrtPolicy } from './srt-policy.ts'

const execute = promisify(execFile)
const trialMs = 20_000
const supervisor = ownModule('orchestrator/execute/sandbox/srt/supervisor')
const advice =
  process.platform === 'linux' ? 'install bubblewrap, socat and ripgrep' : 'install ripgrep, on macOS or Linux'

/** Anthropic's sandbox runtime: one supervisor a jail, because it holds one policy a process. */
export function srtDriver(): SandboxDriver {
  return {
    name: 'srt',
    stops: quickAttacks,
    // It shows the host's own files, and so the host's own names.
    namesDoors: false,
    refuses: () => undefined,
    available: trySrt,
    async wrap({ launch, reads, writes }) {
      const folder = await makeJailFolder()
      const policy = policyOf([...entrance.files, ...reads], writes, launch.cwd)
      const [command = process.execPath, ...args] = [
        ...(await leash()),
        process.execPath,
        supervisor,
        JSON.stringify(policy),
      ]
      // Its sockets lie where they are found and removed, whatever becomes of it.
      const env = { ...systemEnvironment(), TMPDIR: folder.path }
      return { command, args, cwd: launch.cwd, env, release: folder.remove }
    },
  }
}

function policyOf(reads: readonly string[], writes: readonly string[], cwd: string): SrtPolicy {
  return { reads, writes, cwd, node: process.execPath, program: entrance.program }
}

async function trySrt(): Promise<Availability> {
  const folder = await makeJailFolder()
  try {
    const policy = policyOf(entrance.files, [folder.path], folder.path)
    const env = { ...systemEnvironment(), TMPDIR: folder.path }
    await execute(process.execPath, [supervisor, JSON.stringify(policy), 'trial'], { env, timeout: trialMs })
    return { works: true }
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    return { works: false, why: `it does not work here: ${stderr.trim().split('\n').at(-1) || message}`, advice }
  } finally {
    await folder.remove()
  }
}
