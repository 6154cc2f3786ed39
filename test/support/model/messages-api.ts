import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CountedTokens, PromptCache } from './prompt-cache.ts'

/** A request as it arrived, with what its tokens are counted as. */
export interface Heard {
  body: HeardBody
  headers: IncomingMessage['headers']
  tokens: CountedTokens
}

export interface HeardBody {
  model: string
  max_tokens: number
  system: { text: string; cache_control?: object }[]
  messages: { role: string; content: { text: string; cache_control?: object }[] }[]
  thinking?: object
  output_config?: { format?: object }
  stream?: boolean
}

/** How one request is answered. */
export type Reply =
  | { text: string; stop_reason?: string; thinking?: string }
  /** A failure by status, before any answer. */
  | { status: number; message?: string; type?: string; headers?: Record<string, string> }
  /** An answer that goes wrong: after part of it the line is cut, silence falls, nonsense or an error follows. */
  | { text: string; breaks: 'cut' | 'silence' | 'nonsense' | 'error' }
  /** Whatever, as the body of a 200. */
  | { raw: string }

export type Script = (heard: Heard, nth: number) => Reply | Promise<Reply>

export interface MessagesApi {
  url: string
  heard: Heard[]
  /** How many requests were given up by who asked. */
  abandoned: number
  close(): Promise<void>
}

/** A Messages API on loopback that answers as scripted: over real HTTP, streamed, with usage figures counted from the prompt. */
export async function messagesApi(script: Script): Promise<MessagesApi> {
  const heard: Heard[] = []
  const cache = new PromptCache()
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
  const api: MessagesApi = { url: '', heard, abandoned: 0, close }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await bodyOf(request)) as HeardBody
    response.once('close', () => {
      if (!response.writableFinished) api.abandoned += 1
    })
    const one = { body, headers: request.headers, tokens: cache.count(body) }
    heard.push(one)
    await reply(response, await script(one, heard.length), one)
  }

  function close(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return api
}

async function reply(response: ServerResponse, given: Reply, { body, tokens }: Heard): Promise<void> {
  if ('status' in given) {
    const { status, message = 'scripted', type = 'api_error', headers = {} } = given
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ type: 'error', error: { type, message } }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  if ('raw' in given) {
    response.end(given.raw)
    return
  }
  const send = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
  const usage = {
    input_tokens: tokens.input,
    cache_read_input_tokens: tokens.cache_read,
    cache_creation_input_tokens: tokens.cache_write,
    output_tokens: 1,
  }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: body.model, content: [], stop_reason: null }
  send('message_start', { message: { ...message, stop_sequence: null, usage } })
  let index = 0
  if ('thinking' in given && given.thinking !== undefined) {
    send('content_block_start', { index, content_block: { type: 'thinking', thinking: '', signature: '' } })
    send('content_block_delta', { index, delta: { type: 'thinking_delta', thinking: given.thinking } })
    send('content_block_stop', { index })
    index += 1
  }
  send('content_block_start', { index, content_block: { type: 'text', text: '' } })
  const half = Math.ceil(given.text.length / 2)
  send('content_block_delta', { index, delta: { type: 'text_delta', text: given.text.slice(0, half) } })
  if ('breaks' in given) return breakOff(response, given.breaks)
  send('content_block_delta', { index, delta: { type: 'text_delta', text: given.text.slice(half) } })
  send('content_block_stop', { index })
  send('message_delta', {
    delta: { stop_reason: given.stop_reason ?? 'end_turn', stop_sequence: null },
    usage: { output_tokens: Math.ceil(given.text.length / 4) },
  })
  send('message_stop', {})
  response.end()
}

async function breakOff(response: ServerResponse, how: 'cut' | 'silence' | 'nonsense' | 'error'): Promise<void> {
  if (how === 'silence') return
  if (how === 'nonsense') response.end('event: message_delta\ndata: {"type": "mess\n\n')
  else if (how === 'error') {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    response.end(`event: error\ndata: ${JSON.stringify(error)}\n\n`)
  } else {
    // What was written has to arrive before the line is cut.
    await new Promise((resolve) => setTimeout(resolve, 20))
    response.destroy()
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
