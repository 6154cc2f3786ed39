import { describe, expect, it } from 'vitest'
import { parseServeArguments } from './serve-arguments.ts'

describe('parseServeArguments', () => {
  it.each([
    [[], {}],
    [['--stdio'], {}],
    [['--http'], { http: 0 }],
    [['--http', '8080'], { http: 8080 }],
    [['--http', '8080', '--host', '0.0.0.0'], { http: 8080, host: '0.0.0.0' }],
    [['--http', '--drain', '25'], { http: 0, drainMs: 25_000 }],
    [['--http', '--sessions'], { http: 0, sessions: true }],
  ])('reads %j', (args, options) => {
    expect(parseServeArguments(args)).toEqual(options)
  })

  it.each([
    [[], '8080', { http: 8080 }],
    [['--host', '0.0.0.0'], '8080', { http: 8080, host: '0.0.0.0' }],
    [['--http'], '8080', { http: 8080 }],
    [['--http', '9090'], '8080', { http: 9090 }],
    [['--stdio'], '8080', {}],
    [[], '', {}],
  ])('reads %j where PORT is "%s"', (args, port, options) => {
    expect(parseServeArguments(args, port)).toEqual(options)
  })

  it.each([
    [['8080']],
    [['--http', 'x']],
    [['--http', '70000']],
    [['--http', '1', '2']],
    [['--https']],
    [['--host', '::1']],
    [['--drain', '5']],
    [['--http', '--drain', '-1']],
    [['--stdio', '--http']],
    [['--sessions']],
    [['--stdio', '--sessions']],
    [['--stdio', '--host', '::1']],
  ])('refuses %j and gives the usage', (args) => {
    expect(() => parseServeArguments(args)).toThrow(/usage: \[--stdio \| --http \[PORT\] \[--host ADDRESS\]/)
  })

  it.each(['http', '-1', '1e9', ' '])('refuses "%s" as PORT', (port) => {
    expect(() => parseServeArguments([], port)).toThrow('PORT must be a whole number from 0 to 65535')
  })
})
