import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node'
import { ATTR_ERROR_TYPE, ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import type { ToolOutcome } from './run-tool.ts'

/** The server's side of calls in the caller's traces: names, ids and how a call ended, never what it was about. */
export interface CallSpans {
  /** Makes a span of the work, under the span that the request's `traceparent` names. */
  around(tool: string, traceparent: string | undefined, work: () => Promise<ToolOutcome>): Promise<ToolOutcome>
  /** Hands over what is left, within a few seconds. */
  close(): Promise<void>
}

const exportMs = 1_500

/** Spans that go to a collector's base URL, by OTLP over HTTP. */
export function openCallSpans(server: string, endpoint: string): CallSpans {
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`
  return callSpans(server, new OTLPTraceExporter({ url, timeoutMillis: exportMs }))
}

export function callSpans(server: string, exporter: SpanExporter): CallSpans {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: `remit-${server}` }),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: exportMs })],
  })
  const tracer = provider.getTracer('remit')
  return {
    async around(tool, traceparent, work) {
      const attributes = {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': tool,
        'mcp.method.name': 'tools/call',
      }
      const span = tracer.startSpan(`tools/call ${tool}`, { kind: SpanKind.SERVER, attributes }, parentIn(traceparent))
      try {
        const outcome = await work()
        span.setAttribute('remit.outcome', outcome.status)
        if (outcome.status !== 'succeeded') {
          span.setAttribute(ATTR_ERROR_TYPE, outcome.failure.kind)
          span.setStatus({ code: SpanStatusCode.ERROR })
        }
        return outcome
      } finally {
        span.end()
      }
    },
    async close() {
      // A collector that is away is no reason to stay.
      await provider.shutdown().catch(() => {})
    },
  }
}

/** W3C trace context, version 00; anything else starts a trace of its own. */
function parentIn(traceparent = ''): Context {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
  return trace.setSpanContext(ROOT_CONTEXT, parent)
}
