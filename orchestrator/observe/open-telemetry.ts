import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type IdGenerator,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node'
import { ATTR_ERROR_TYPE, ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import { type RunSpan, spanIdOf, spansOfEvent, traceIdOf } from './spans-of-event.ts'
import type { Tracer } from './tracer.ts'

/** Milliseconds that a collector is waited for, at most; also for what is left at the end. */
const exportMs = 3_000
const sampled = 1

/** An exporter to a collector's base URL, by OTLP over HTTP. */
export function otlpExporter(endpoint: string): SpanExporter {
  return new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: exportMs })
}

/** Traces runs by OpenTelemetry. Kept out of the process until somebody asks for it: loading it takes its time. */
export function openTelemetry(exporter: SpanExporter): Tracer {
  // The ids of a span follow from what it is about, so that processes that never met agree on them.
  const next = { traceId: '', spanId: '' }
  const idGenerator: IdGenerator = { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId }
  const processor = new BatchSpanProcessor(exporter, { exportTimeoutMillis: exportMs })
  const provider = new BasicTracerProvider({
    idGenerator,
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: 'remit' }),
    spanProcessors: [processor],
  })
  const tracer = provider.getTracer('remit')
  let appends = 0

  function emit(span: RunSpan): void {
    next.traceId = span.trace_id
    next.spanId = span.span_id
    const parent = span.parent_id && {
      traceId: span.trace_id,
      spanId: span.parent_id,
      traceFlags: sampled,
      isRemote: false,
    }
    const started = tracer.startSpan(
      span.name,
      {
        kind: span.kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL,
        startTime: span.start,
        attributes: span.attributes,
        links: span.link
          ? [{ context: { traceId: span.link.trace_id, spanId: span.link.span_id, traceFlags: sampled } }]
          : [],
      },
      parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    )
    if (span.error !== undefined) {
      started.setAttribute(ATTR_ERROR_TYPE, span.error)
      started.setStatus({ code: SpanStatusCode.ERROR })
    }
    started.end(span.end)
  }

  return {
    tell(event, situation) {
      for (const span of spansOfEvent(event, situation)) emit(span)
    },
    appended({ run_id, events, start, end, failed }) {
      appends += 1
      emit({
        name: 'append',
        kind: 'internal',
        trace_id: traceIdOf(run_id),
        span_id: spanIdOf(run_id, 'append', start, process.pid, appends),
        parent_id: spanIdOf(run_id),
        start,
        end,
        attributes: { 'remit.events': events },
        ...(failed && { error: 'not_recorded' }),
      })
    },
    async close() {
      // A collector that is away is no reason for a command to fail.
      await provider.shutdown().catch(() => {})
    },
  }
}
