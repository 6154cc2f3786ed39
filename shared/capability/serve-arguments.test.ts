import { describe, expect, it } from 'vitest'
import { parseServeArguments } from './serve-arguments.ts'

describe('parseServeArguments', () => {
  it.each([
    [[], {}],
    [['--http'], { http: 0 }],
    [['--http', '8080'], { http: 8080 }],
    [['--http', '8080', '--host', '0.0.0.0'], { http: 8080, host: '0.0.0.0' }],
    [['--http', '--sessions'], { http: 0, sessions: true }],
  ])('reads %j', (args, options) => {
    expect(parseServeArguments(args)).toEqual(options)
  })

  it.each([
    [['8080']],
    [['--http', 'x']],
    [['--http', '70000']],
    [['--http', '1', '2']],
    [['--https']],
    [['--host', '::1']],
    [['--sessions']],
  ])('refuses %j and gives the usage', (args) => {
    expect(() => parseServeArguments(args)).toThrow(/usage: \[--http \[PORT\] \[--host ADDRESS\] \[--sessions\]\]/)
  })
})
