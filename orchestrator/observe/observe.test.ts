import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { callSpans } from '../../shared/capability/call-spans.ts'
import { catalogue, goal, ok, type Rehearsal, rehearse, tool } from '../../test/support/rehearsal.ts'
import type { CallOutcome } from '../model/call.ts'
import { draft } from '../model/event.ts'
import { evidenceFor } from '../model/evidence.ts'
import { fold } from '../model/situation.ts'
import { fakeCollector } from './fixtures/fake-collector.ts'
import { logEvent, openLog } from './open-log.ts'
import { openTelemetry, otlpExporter } from './open-telemetry.ts'
import { traceJournal } from './trace-journal.ts'
import type { Tracer } from './tracer.ts'

const secret = 'sk_live_never_to_be_seen'
const unavailable: CallOutcome = { status: 'failed', failure: { kind: 'unavailable', message: `down: ${secret}` } }

/** A run of one call that fails once and then succeeds, with a secret in everything that it says. */
function aRun(): Promise<Rehearsal> {
  return rehearse({
    catalogue: catalogue({ a: [tool('create_a', { establishes: ['a.thing'] })] }),
    goal: goal({ 'a.thing': 'wait' }),
    input: { key: secret },
    script: { 'a.create_a': [unavailable, ok({ key: secret })] },
    decide: (situation, nth) =>
      nth === 1
        ? {
            kind: 'plan',
            tasks: [{ id: 'a', tool: 'a.create_a', arguments: { key: secret }, after: [], why: secret }],
            why: secret,
          }
        : { kind: 'finish', outcomes: evidenceFor(situation), why: secret },
  })
}

function tellAll(tracer: Pick<Tracer, 'tell'>, { journal }: Rehearsal): void {
  for (const [index, event] of journal.events.entries()) tracer.tell(event, fold(journal.events.slice(0, index + 1)))
}

async function spansOf(run: Rehearsal): Promise<ReadableSpan[]> {
  const exporter = new KeptSpans()
  const tracer = openTelemetry(exporter)
  tellAll(tracer, run)
  await tracer.close()
  return exporter.kept
}

/** What the SDK's own exporter in memory forgets when it is shut down. */
class KeptSpans extends InMemorySpanExporter {
  readonly kept: ReadableSpan[] = []
  override async shutdown(): Promise<void> {
    this.kept.push(...this.getFinishedSpans())
    await super.shutdown()
  }
}

describe('the trace of a run', () => {
  test('has a span for each decision, verdict and call, all under the span of the run', async () => {
    const run = await aRun()
    const spans = await spansOf(run)
    expect(spans.map(({ name }) => name)).toEqual([
      'decide plan',
      'verdict allow',
      'tools/call a.create_a',
      'verdict allow',
      'tools/call a.create_a',
      'decide finish',
      'run rehearsal',
    ])
    const root = spans.at(-1)
    const traceId = run.situation.run_id.replaceAll('-', '')
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]))
    expect(root?.parentSpanContext).toBeUndefined()
    for (const span of spans.slice(0, -1)) expect(span.parentSpanContext?.spanId).toBe(root?.spanContext().spanId)
  })

  test('says of a call which tool it ran, how it ended and under which id its server knows it', async () => {
    const run = await aRun()
    const calls = (await spansOf(run)).filter(({ name }) => name.startsWith('tools/call'))
    expect(calls[0]?.attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'a.create_a',
      'gen_ai.tool.call.id': run.requests[0]?.call_id,
      'remit.outcome': 'failed',
      'error.type': 'unavailable',
    })
    expect(calls[1]?.attributes['error.type']).toBeUndefined()
    const [, , spanId] = run.requests[1]?.traceparent.split('-') ?? []
    expect(calls[1]?.spanContext().spanId).toBe(spanId)
  })

  test('goes on in the server, whose span is a child of the call', async () => {
    const run = await aRun()
    const exporter = new KeptSpans()
    const spans = callSpans('a', exporter)
    await spans.around('create_a', run.requests[1]?.traceparent, async () => ({ status: 'succeeded', output: {} }))
    await spans.close()
    const [call] = (await spansOf(run)).filter(({ name }) => name.startsWith('tools/call')).slice(-1)
    expect(exporter.kept[0]?.parentSpanContext).toMatchObject({
      traceId: call?.spanContext().traceId,
      spanId: call?.spanContext().spanId,
    })
  })

  test('holds no argument, output or word of anybody', async () => {
    const spans = await spansOf(await aRun())
    expect(JSON.stringify(spans.map(({ name, attributes, events }) => [name, attributes, events]))).not.toContain(
      secret,
    )
  })

  test('reaches a collector by OTLP', async () => {
    await using collector = await fakeCollector()
    const tracer = openTelemetry(otlpExporter(`${collector.endpoint}/`))
    tellAll(tracer, await aRun())
    await tracer.close()
    expect(collector.paths).toEqual(['/v1/traces'])
    expect(collector.spans()).toHaveLength(7)
    expect(collector.bodies.join()).not.toContain(secret)
  })

  test('is let go where the collector is broken', async () => {
    await using collector = await fakeCollector(400)
    const tracer = openTelemetry(otlpExporter(collector.endpoint))
    tellAll(tracer, await aRun())
    await expect(tracer.close()).resolves.toBeUndefined()
  })

  test('times each append, those too that were refused', async () => {
    const appends: object[] = []
    const tracer = { tell: () => {}, close: async () => {}, appended: (append: object) => appends.push(append) }
    const journal = { read: async () => [], append: async () => Promise.reject(new Error('somebody was quicker')) }
    const run = await aRun()
    const drafts = [draft('cancel_requested', { by: 'ada' })]
    await traceJournal(run.journal, tracer).append('run-1', drafts)
    await expect(traceJournal(journal, tracer).append('run-1', drafts)).rejects.toThrow('quicker')
    expect(appends).toMatchObject([
      { run_id: 'run-1', events: 1, failed: false },
      { run_id: 'run-1', events: 1, failed: true },
    ])
  })

  test('leaves a journal everything that it can', async () => {
    const { journal } = await aRun()
    const peek = async () => journal.events.slice(-1)
    const tracer = { tell: () => {}, close: async () => {}, appended: () => {} }
    const traced = traceJournal({ read: () => journal.read(), append: async () => [], peek }, tracer)
    expect(await traced.peek?.('run-1', 0)).toEqual(journal.events.slice(-1))
    expect(await traced.read('run-1')).toEqual(journal.events)
    expect(traceJournal(journal, tracer).peek).toBeUndefined()
  })
})

describe('the log', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'remit-log-'))
    file = join(folder, 'remit.log')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const lines = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))

  test('is for its owner alone, also where it was there before', () => {
    writeFileSync(file, '', { mode: 0o644 })
    openLog(file).info('here')
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('says how runs ended and which calls did not succeed, by their ids and in no words of theirs', async () => {
    const log = openLog(file)
    const run = await aRun()
    tellAll({ tell: (event, situation) => logEvent(log, event, situation) }, run)
    expect(lines()).toMatchObject([
      { run_id: run.situation.run_id, call_id: run.requests[0]?.call_id, tool: 'a.create_a', kind: 'unavailable' },
      { run_id: run.situation.run_id, status: 'succeeded', msg: 'run ended' },
    ])
    expect(readFileSync(file, 'utf8')).not.toContain(secret)
  })

  test('cuts out what is secret by its name', () => {
    openLog(file).warn({ token: secret, request: { headers: { authorization: secret } } }, 'odd')
    expect(readFileSync(file, 'utf8')).not.toContain(secret)
    expect(lines()).toMatchObject([{ token: '[redacted]' }])
  })
})
