import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setZipTimes } from './set-zip-times.ts'

const run = promisify(execFile)
const mcpb = fileURLToPath(new URL('cli/cli.js', import.meta.resolve('@anthropic-ai/mcpb')))

/**
 * Validates a folder's `manifest.json`, packs the folder into an `.mcpb` and inspects that, all with the tool of the format's
 * authors. Rejects with what the tool says.
 */
export async function packMcpb(folder: string, file: string): Promise<void> {
  await ask('pack', folder, file)
  const archive = readFileSync(file)
  setZipTimes(archive)
  writeFileSync(file, archive)
  await ask('info', file)
}

async function ask(...args: string[]): Promise<void> {
  try {
    await run(process.execPath, [mcpb, ...args])
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`mcpb ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}
