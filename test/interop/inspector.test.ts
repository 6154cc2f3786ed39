import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { subjectsOf } from '../contract/suite/subjects.ts'
import { fixtureSubject } from '../support/fixture-subject.ts'
import { root } from '../support/remit-command.ts'
import { matrix, type Who } from './matrix.ts'
import { type Command, type HostEnded, type HostPlace, openHostPlace } from './support/run-host.ts'
import { folderOf, tryOut } from './support/try-out.ts'

const launcher = join(folderOf(matrix.inspector), 'clients', 'launcher', 'build', 'index.js')
const server = join(root, 'test/interop/fixtures/host-main.ts')
const isThere = existsSync(launcher) || process.env.REMIT_INTEROP === 'all'
/** The Inspector's exit code for a result that is an error. */
const isErrorCode = 5

function commandOf(place: HostPlace, era: 'legacy' | 'modern', script: string, method: string[]): Command {
  const environment = Object.entries(place.serverEnvironment).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  const options = ['--protocol-era', era, ...method, '--format', 'json', '-q']
  return { args: [launcher, '--cli', process.execPath, script, ...environment, ...options] }
}

for (const [who, era] of [
  ['oldInspector', 'legacy'],
  ['inspector', 'modern'],
] as const satisfies [Who, string][]) {
  const inspect = (place: HostPlace, ...method: string[]): Promise<HostEnded> =>
    place.run(commandOf(place, era, server, method))
  const resultOf = ({ stdout, stderr }: HostEnded) => {
    const [line = ''] = stdout.trim().split('\n')
    if (line === '') throw new Error(`the Inspector printed no result: ${stderr}`)
    return JSON.parse(line).result
  }

  tryOut(who, {
    async list() {
      await using place = await openHostPlace()
      const ended = await inspect(place, '--method', 'tools/list', '--strict')
      expect([ended.code, resultOf(ended).tools.map(({ name }: { name: string }) => name)]).toEqual([
        0,
        ['add_numbers', 'count_up', 'refuse_everything', 'wait_long'],
      ])
      expect(place.opened()).toBe(matrix[who].era)
    },
    async call() {
      await using place = await openHostPlace()
      const ended = await inspect(
        place,
        '--method',
        'tools/call',
        '--tool-name',
        'add_numbers',
        '--tool-arg',
        'a=2',
        'b=3',
      )
      expect([ended.code, resultOf(ended).structuredContent]).toEqual([0, { sum: 5 }])
    },
    async error() {
      await using place = await openHostPlace()
      const ended = await inspect(place, '--method', 'tools/call', '--tool-name', 'refuse_everything')
      expect(ended.code).toBe(isErrorCode)
      expect(resultOf(ended)).toMatchObject({ isError: true, content: [{ text: 'This is always refused.' }] })
    },
    async cancel() {
      await using place = await openHostPlace()
      const host = place.start(commandOf(place, era, server, ['--method', 'tools/call', '--tool-name', 'wait_long']))
      await vi.waitFor(() => expect(place.waits()).toEqual(['started']), { timeout: 40_000 })
      host.kill('SIGINT')
      await vi.waitFor(() => expect(place.waits()).toEqual(['started', 'cancelled']), { timeout: 20_000 })
    },
  })
}

// What hosts disagree about in schemas of tools: the Inspector knows their limits, and ends with 6 where one is broken.
describe.skipIf(!isThere)('the Inspector, strictly, finds nothing to say against', async () => {
  test.each([fixtureSubject, ...(await subjectsOf(root))])(
    'the tools of $server.name',
    async ({ script, environment }) => {
      await using place = await openHostPlace()
      Object.assign(place.serverEnvironment, environment)
      const method = ['--method', 'tools/list', '--strict']
      const { code, stderr } = await place.run(commandOf(place, 'modern', script, method))
      expect(code, stderr).toBe(0)
    },
    60_000,
  )
})
