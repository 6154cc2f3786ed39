import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { spawnNode } from '../../test/support/spawn-node.ts'
import { emulatorReadySchema } from './call-meta.ts'

const script = 'test/support/fixture-emulator.ts'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-emulator-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('runEmulator', () => {
  it('says in one line of JSON where it listens, ends on SIGTERM and keeps its state', async () => {
    const env = { REMIT_EMULATOR_DATA: join(folder, 'data') }
    for (const token of ['tok_1', 'tok_2']) {
      await using run = spawnNode(script, [], env)
      const line = await run.until(/\n/, 'stdout')
      expect(emulatorReadySchema.parse(JSON.parse(line)).credentials).toEqual({ FIXTURE_TOKEN: token })
      expect(run.stderr()).toContain('this must not reach stdout')
      run.child.kill('SIGTERM')
      expect(await run.exited).toBe(0)
      expect(run.stdout()).toBe(line)
    }
  })

  it('names the variable it misses and exits with 2', async () => {
    await using run = spawnNode(script, [], {})
    expect(await run.exited).toBe(2)
    expect(run.stderr()).toContain('REMIT_EMULATOR_DATA')
  })
})
