import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json, JsonObject } from '../../../shared/json.ts'

/** What a model does with what it is asked: it uses a tool, or says something. */
export type Turn = { tool: string; input: JsonObject } | { text: string }

/** What a host told its model. */
export interface Asked {
  tools: string[]
  /** What the tools that were used came to, in the last message. */
  results: { content: Json; is_error?: boolean }[]
}

/** A model for hosts that speak the Messages API with streaming; it does what the script says, and costs nothing. */
export interface ScriptedMessages extends AsyncDisposable {
  url: string
  asked: Asked[]
}

interface Body {
  model: string
  tools?: { name: string }[]
  messages: { content: string | { type: string; content: Json; is_error?: boolean }[] }[]
}

export async function openScriptedMessages(script: (asked: Asked) => Turn): Promise<ScriptedMessages> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    if (!/^\/v1\/messages(\?|$)/.test(request.url ?? '')) return void response.writeHead(404).end('{}')
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Body
    const heard = heardIn(body)
    asked.push(heard)
    answer(response, body.model, script(heard))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function heardIn({ tools = [], messages }: Body): Asked {
  const last = messages.at(-1)?.content ?? []
  const blocks = typeof last === 'string' ? [] : last
  return {
    tools: tools.map(({ name }) => name),
    results: blocks
      .filter(({ type }) => type === 'tool_result')
      .map(({ content, is_error }) => ({ content, ...(is_error !== undefined && { is_error }) })),
  }
}

/** One block, streamed in one piece. */
function answer(response: ServerResponse, model: string, turn: Turn): void {
  const isTool = 'tool' in turn
  const block = isTool
    ? { type: 'tool_use', id: `toolu_${turn.tool}`, name: turn.tool, input: {} }
    : { type: 'text', text: '' }
  const delta = isTool
    ? { type: 'input_json_delta', partial_json: JSON.stringify(turn.input) }
    : { type: 'text_delta', text: turn.text }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null }
  const usage = { input_tokens: 1, output_tokens: 1 }
  const events: [string, JsonObject][] = [
    ['message_start', { message: { ...message, stop_sequence: null, usage } }],
    ['content_block_start', { index: 0, content_block: block }],
    ['content_block_delta', { index: 0, delta }],
    ['content_block_stop', { index: 0 }],
    ['message_delta', { delta: { stop_reason: isTool ? 'tool_use' : 'end_turn', stop_sequence: null }, usage }],
    ['message_stop', {}],
  ]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const [type, data] of events) response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
  response.end()
}
