import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { digest } from '../shared/json.ts'
import { type ModelEndpoint, recordedRequest, type Sent } from './decide/claude/endpoint.ts'

/** One line of a cassette: a question by its digest, and what the endpoint answered. It holds no key. */
const tapeSchema = z.object({ model: z.string(), prompt_digest: z.string(), sent: z.unknown() })

/** A file that is no cassette, or one that has no answer left. */
export class CassetteError extends Error {
  override readonly name = 'CassetteError'
}

/** Writes down every exchange with an endpoint, a line each. */
export function recordTo(file: string, endpoint: ModelEndpoint): ModelEndpoint {
  writeFileSync(file, '', { mode: 0o600 })
  return {
    async send(request, signal) {
      const sent = await endpoint.send(request, signal)
      const line = { model: request.model, prompt_digest: digest(recordedRequest(request)), sent }
      appendFileSync(file, `${JSON.stringify(line)}\n`)
      return sent
    },
  }
}

/**
 * Answers from a cassette instead of an endpoint: the same question gets its answer, and one that was put otherwise the next
 * answer that nobody has had. Throws a {@link CassetteError} with the line that is none.
 */
export function replayFrom(file: string): ModelEndpoint {
  const lines = readLines(file)
  const tape = lines.map((line, index) => {
    const parsed = tapeSchema.safeParse(line)
    if (!parsed.success) throw new CassetteError(`${file}:${index + 1} is no exchange with a model`)
    return { ...parsed.data, sent: parsed.data.sent as Sent }
  })
  return {
    async send(request) {
      const wanted = digest(recordedRequest(request))
      const place = tape.findIndex(({ prompt_digest }) => prompt_digest === wanted)
      const [found] = tape.splice(Math.max(0, place), 1)
      if (found) return found.sent
      const message = `${file} has ${lines.length} answers, and all of them have been given`
      return { ok: false, failure: { kind: 'invalid_input', message: `too large a run for its cassette: ${message}` } }
    },
  }
}

function readLines(file: string): unknown[] {
  try {
    const text = readFileSync(file, 'utf8')
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  } catch (error) {
    throw new CassetteError(`${file} cannot be read as a cassette: ${error instanceof Error ? error.message : error}`)
  }
}
