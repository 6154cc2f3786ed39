import { describe, expect, it, vi } from 'vitest'
import { codeFaults } from './code-faults.ts'
import { definitionFaults } from './definition-faults.ts'
import { describeCalls } from './describe-calls.ts'
import { describeProcess } from './describe-process.ts'
import { type StageOptions, stageFor } from './stage.ts'
import { type Subject, subjectsOf } from './subjects.ts'

/** Declares the contract tests of every server of a project: to be called, with `await`, in a test file of Vitest. */
export async function testContract(project: string, options: StageOptions = {}): Promise<void> {
  for (const subject of await subjectsOf(project)) describeContract(subject, options)
}

/** Declares the tests of all that any server of the kit has to do, whatever it is for. */
export function describeContract(subject: Subject, options: StageOptions = {}): void {
  const { server, folder } = subject
  // Each test starts a process or two, on machines that are busy with other tests.
  vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })
  describe(server.name, () => {
    it('is defined as the kit wants it', () => {
      expect(definitionFaults(server)).toEqual([])
    })
    it.skipIf(folder === undefined)(
      'has all that a server’s folder has, and leaves environment and stdout to the kit',
      () => {
        expect(codeFaults(folder ?? '', server)).toEqual([])
      },
    )
    describeProcess(subject)
    const openStage = stageFor(subject, options)
    if (openStage) describeCalls(subject, openStage)
    else it.skip('by the examples of its tools: it has no emulator, and there is no database for it', () => undefined)
  })
}
