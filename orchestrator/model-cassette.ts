import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { failureSchema } from '../shared/failure.ts'
import { digest } from '../shared/json.ts'
import { features, type ModelEndpoint, recordedRequest } from './decide/claude/endpoint.ts'

const count = z.int().min(0)
const tokens = z.strictObject({ input: count.optional(), output: count, cache_read: count, cache_write: count })

const sentSchema = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    answer: z.strictObject({ model: z.string(), stop_reason: z.string(), text: z.string(), tokens }),
  }),
  z.strictObject({
    ok: z.literal(false),
    failure: failureSchema,
    lacks: z.enum([...features, 'some']).optional(),
    tokens: tokens.optional(),
  }),
])

/** One line of a cassette: a question by its digest, and what the endpoint answered. It holds no key. */
const tapeSchema = z.strictObject({ model: z.string(), prompt_digest: z.string(), sent: sentSchema })
type Tape = z.infer<typeof tapeSchema>

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
 * answer of its model that nobody has had. Throws a {@link CassetteError} with the line that is none.
 */
export function replayFrom(file: string): ModelEndpoint {
  const tape = readTape(file)
  const many = tape.length
  return {
    async send(request) {
      const [found] = tape.splice(placeOf(request.model, digest(recordedRequest(request)), tape), 1)
      if (found) return found.sent
      const message = `${file} has ${many} answers, and all of them have been given`
      return { ok: false, failure: { kind: 'invalid_input', message } }
    },
  }
}

function placeOf(model: string, wanted: string, tape: readonly Tape[]): number {
  const same = tape.findIndex(({ prompt_digest }) => prompt_digest === wanted)
  return same >= 0
    ? same
    : Math.max(
        0,
        tape.findIndex((line) => line.model === model),
      )
}

function readTape(file: string): Tape[] {
  return linesOf(file).map((line, index) => {
    const parsed = tapeSchema.safeParse(jsonOf(line))
    if (!parsed.success) throw new CassetteError(`${file}:${index + 1} is no exchange with a model`)
    return parsed.data
  })
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').replace(/\n$/, '').split('\n')
  } catch (error) {
    throw new CassetteError(`${file} cannot be read as a cassette: ${error instanceof Error ? error.message : error}`)
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
