import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, type HttpStage, openHttpStage, startRun } from '../../../test/support/http-stage.ts'
import { draft } from '../../model/event.ts'

const listeners = 500
const events = 20

let stage: HttpStage
let ann: Client
let run: string
/** After which place of the run each reading of the record began. */
const reads: number[] = []

beforeAll(async () => {
  stage = await openHttpStage({
    wrap: (service) => ({
      ...service,
      readEvents(tenant, runId, page) {
        reads.push(page.after)
        return service.readEvents(tenant, runId, page)
      },
    }),
  })
  ann = await stage.client()
  run = await startRun(ann)
})
afterAll(async () => {
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

/** Somebody who listens without a socket; `until` gives the ids of all events so far, once the last is there. */
async function listener() {
  const { status, body } = await ann(`/v1/runs/${run}/events`, { headers: { Accept: 'text/event-stream' } })
  if (status !== 200 || !body) throw new Error(`nothing to listen to: ${status}`)
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  const ids: number[] = []
  return {
    async until(last: number): Promise<readonly number[]> {
      while ((ids.at(-1) ?? 0) < last) {
        const { value = '', done } = await reader.read()
        if (done) throw new Error('the stream ended')
        ids.push(...[...value.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)))
      }
      return ids
    },
    leave: () => reader.cancel(),
  }
}

test(`${listeners} listeners get everything once and in order, for one query an event`, async () => {
  const all = await Promise.all(Array.from({ length: listeners }, listener))
  await Promise.all(all.map((one) => one.until(1)))
  expect(reads).toEqual([0])

  const { journal } = stage.yard.record
  await journal.adopt(run)
  for (let seq = 2; seq <= events + 1; seq++) {
    await journal.append(run, [draft('system_noted', { what: 'more', details: `${seq}` })])
    await Promise.all(all.map((one) => one.until(seq)))
    // The event was read once, for everybody, after the one before it.
    expect(reads.slice(1)).toEqual(Array.from({ length: seq - 1 }, (_, index) => index + 1))
  }
  const whole = Array.from({ length: events + 1 }, (_, index) => index + 1)
  for (const one of all) expect(await one.until(events + 1)).toEqual(whole)

  await Promise.all(all.map((one) => one.leave()))
  expect(await stage.metrics.registry.metrics()).toMatch(/^remit_event_listeners 0$/m)
}, 60_000)
