import { describe, expect, it } from 'vitest'
import { server } from '../../test/support/fixture-server.ts'
import { describeError, openLog, traceOf } from './log.ts'

const linesOf = (token: unknown, write: (log: ReturnType<typeof openLog>) => void): string => {
  const lines: string[] = []
  write(openLog(server, { FIXTURE_TOKEN: token }, { write: (line: string) => lines.push(line) }))
  return lines.join('')
}

describe('openLog', () => {
  it('cuts credentials out of messages, fields and stacks', () => {
    const text = linesOf('tok_very"secret', (log) => {
      log.info({ nested: { header: 'Bearer tok_very"secret' } }, 'with tok_very"secret')
      log.error({ err: new Error('from tok_very"secret') }, 'failed')
    })
    expect(text).not.toContain('secret')
    expect(text.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(4)
    for (const line of text.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ server: 'fixture' })
  })

  it('cuts out the password of a URL by itself, encoded and decoded', () => {
    const text = linesOf('postgres://who:p%40ssword@db/x', (log) => log.info('p%40ssword and p@ssword of who'))
    expect(text).not.toContain('ssword')
    expect(text).toContain('who')
  })

  it('leaves the line alone where the credential is not set', () => {
    expect(linesOf(undefined, (log) => log.info('plain'))).toContain('plain')
  })
})

describe('describeError', () => {
  it('keeps type and stack but not the given texts', () => {
    const described = describeError(new TypeError('bad pin 1234'), ['1234'])
    expect(described).toMatchObject({ type: 'TypeError', message: 'bad pin [redacted]' })
    expect(described.stack).toContain('log.test.ts')
    expect(JSON.stringify(described)).not.toContain('1234')
  })

  it('describes what was thrown that is no error', () => {
    expect(describeError('plain words', [])).toMatchObject({ message: 'plain words' })
  })
})

describe('traceOf', () => {
  it('takes only a traceparent that is text', () => {
    expect(traceOf({ traceparent: '00-a-b-01', other: 1 })).toEqual({ traceparent: '00-a-b-01' })
    expect(traceOf({ traceparent: 7 })).toEqual({})
    expect(traceOf(undefined)).toEqual({})
  })
})
