import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServerForTest, type TestServer } from '../../../shared/capability/testing.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { openClosedDoor } from './closed-door.ts'
import { argumentsOf, inOrder, type Ran } from './examples.ts'
import { openSilence } from './silence.ts'
import type { Stage } from './stage.ts'
import type { Subject } from './subjects.ts'

/** Failures that are somebody's bug, whatever the vendor does. */
const defects = ['internal', 'invalid_input', 'unsatisfied']

/** Calls of every tool by its example, on a stage: they succeed, have one effect for one key, and bear bad days and impatience. */
export function describeCalls({ server }: Subject, openStage: () => Promise<Stage>): void {
  describe('by the examples of its tools', () => {
    const ran = new Map<string, Ran>()
    const endpoints = Object.keys(server.endpoints ?? {})
    let stage: Stage
    let started: TestServer
    beforeAll(async () => {
      stage = await openStage()
      started = await startServerForTest(server, { environment: stage.environment })
    })
    afterAll(async () => {
      await started?.close()
      await stage?.close()
    })

    it.each(inOrder(server))('$name succeeds, and has one effect for one key', async (tool) => {
      expect(tool.example, 'an example is a call that can be tried').toBeDefined()
      const args = argumentsOf(tool, ran)
      const told: { progress: number; total?: number | undefined }[] = []
      const key = { idempotencyKey: `contract-${tool.name}` }
      const before = await stage.state()
      const first = await started.call(tool.name, args, { ...key, onProgress: (progress) => told.push(progress) })
      expect(first).toMatchObject({ status: 'succeeded' })
      if (first.status !== 'succeeded') return
      ran.set(tool.name, { arguments: args, output: first.output })
      expectToRise(told)

      const after = await stage.state()
      if (tool.effect === 'read') expect(after).toEqual(before)
      if (tool.idempotency === 'none') return
      const second = await started.call(tool.name, args, key)
      expect(await stage.state()).toEqual(after)
      // A second delete finds nothing any more, and may say so.
      if (tool.effect !== 'delete') expect(second).toEqual(first)
      else expect(second).toMatchObject({ status: 'succeeded' })
    })

    it.runIf(server.emulates !== undefined)('bears every bad day that it declares', async () => {
      const arm = async (mode: string | null) => {
        const body = JSON.stringify({ mode })
        const headers = { 'content-type': 'application/json' }
        return fetch(`${stage.control}/faults`, { method: 'POST', headers, body })
      }
      expect((await arm('a-day-that-nobody-knows')).status).toBe(400)
      for (const mode of Object.keys(server.faults ?? {})) {
        for (const [tool, { arguments: args }] of ran) {
          const armed = await arm(mode)
          expect([mode, armed.status, await armed.json()]).toMatchObject([mode, 200, { mode }])
          const outcome = await started.call(tool, args, { idempotencyKey: `contract-${mode}-${tool}` })
          const kind = outcome.status === 'succeeded' ? 'none' : outcome.failure.kind
          expect(defects, `${tool} on the day "${mode}"`).not.toContain(kind)
        }
      }
      await arm(null)
    })

    it('succeeds at nothing that its jail cannot pass on to its vendor', async ({ skip }) => {
      const overHttp = endpoints.filter((variable) => stage.environment[variable]?.startsWith('http'))
      if (overHttp.length === 0) skip('none of its endpoints is reached over HTTP')
      await using door = await openClosedDoor()
      const closed = Object.fromEntries(overHttp.map((variable) => [variable, door.url]))
      const shutIn = await startServerForTest(server, { environment: { ...stage.environment, ...closed } })
      try {
        for (const [tool, { arguments: args }] of ran) {
          const before = door.asked()
          const outcome = await shutIn.call(tool, args, { idempotencyKey: `contract-closed-${tool}` })
          if (door.asked() === before) continue
          expect(outcome, tool).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
        }
        expect(door.asked()).toBeGreaterThan(0)
      } finally {
        await shutIn.close()
      }
    })

    it.skipIf(endpoints.length === 0).each(['modern', 'legacy'] as const)(
      'lets go of a call that a %s client cancels while the vendor is silent, and goes on',
      async (era) => {
        await using silence = await openSilence()
        const silent = endpoints.map((variable) => [variable, silence.inThePlaceOf(stage.environment[variable])])
        const environment = { ...stage.environment, ...Object.fromEntries(silent) }
        const waiting = await startServerForTest(server, { environment, era })
        try {
          const [tool, args] = mostConsequential(server, ran)
          const cancel = new AbortController()
          // A vendor's own client may take no signal; it then waits for no longer than anybody would listen.
          const deadline = new Date(Date.now() + 2_000)
          const call = waiting.call(tool, args, { signal: cancel.signal, idempotencyKey: `contract-${era}`, deadline })
          await silence.asked
          cancel.abort()
          expect(await call).toMatchObject({ status: 'uncertain' })
          await silence.released
          expect((await waiting.client.listTools()).tools).toHaveLength(server.tools.length)
        } finally {
          await waiting.close()
        }
      },
    )
  })
}

/** What is told of a call's progress only ever rises, and not past the whole. */
function expectToRise(told: readonly { progress: number; total?: number | undefined }[]): void {
  for (const [index, { progress, total = Number.POSITIVE_INFINITY }] of told.entries()) {
    expect(progress).toBeLessThanOrEqual(total)
    expect(progress).toBeGreaterThanOrEqual(told[index - 1]?.progress ?? 0)
  }
}

/** A call with an effect, where there is one: with what came of its example. */
function mostConsequential({ tools }: Subject['server'], ran: ReadonlyMap<string, Ran>): [string, JsonObject] {
  const asking = tools.filter(({ name, effect }) => ran.has(name) && effect !== 'read')
  const name = (asking[0] ?? tools[0])?.name ?? ''
  return [name, ran.get(name)?.arguments ?? {}]
}
