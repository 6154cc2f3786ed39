import { describe, expect, test } from 'vitest'
import { argumentsOf, fault, used } from './fixtures/plan-case.ts'
import { sketchTool as sketch } from './tool-fixture.ts'

describe('two tasks that give the same fact', () => {
  const start = sketch('a.start', { effect: 'create', gives: { x: 'a.x' }, establishes: ['a.started'] })
  const middle = sketch('a.middle', {
    effect: 'create',
    needs: { t: 'a.t' },
    gives: { x: 'a.x', y: 'a.y' },
    establishes: ['a.middle'],
  })
  const t = sketch('a.get_t', { needs: { s: 'a.s' }, gives: { t: 'a.t' } })
  const seed = sketch('a.seed', { effect: 'create', gives: { s: 'a.s', x: 'a.x' }, establishes: ['a.seeded'] })
  const end = sketch('a.end', { effect: 'create', needs: { x: 'a.x', y: 'a.y' }, establishes: ['a.ended'] })

  test('the nearest ancestor gives it', () => {
    const given = { outcomes: ['a.seeded', 'a.middle', 'a.ended'], tools: [middle, t, seed, end] }
    expect(argumentsOf(given, 'end')).toEqual({
      x: { $ref: '/tasks/middle/output/x' },
      y: { $ref: '/tasks/middle/output/y' },
    })
  })

  test('an ancestor goes before a task that is none', () => {
    const given = { outcomes: ['a.started', 'a.middle', 'a.ended'], tools: [start, middle, end], input: { 'a.t': 't' } }
    expect(argumentsOf(given, 'end')?.x).toEqual({ $ref: '/tasks/middle/output/x' })
  })

  test('a tie is the error ambiguous_fact, which names both', () => {
    const other = sketch('b.begin', { effect: 'create', gives: { x: 'a.x' }, establishes: ['b.begun'] })
    const last = sketch('a.last', { effect: 'create', needs: { x: 'a.x' }, establishes: ['a.done'] })
    const given = { outcomes: ['a.started', 'b.begun', 'a.done'], tools: [start, other, last] }
    expect(fault(given)).toMatchObject({
      code: 'ambiguous_fact',
      issues: [
        { path: '/tools/a.last/x', message: expect.stringMatching(/a\.x could come from a\.start or b\.begin.*bind/) },
      ],
    })
    const bound = { ...given, bind: { 'a.x': 'b.begin' } }
    expect(argumentsOf(bound, 'last')).toEqual({ x: { $ref: '/tasks/begin/output/x' } })
  })

  test('two reads that would do equally well are a tie too, unless one is called anyway', () => {
    const one = sketch('a.read_one', { gives: { x: 'a.x', p: 'a.p' } })
    const two = sketch('a.read_two', { gives: { x: 'a.x' } })
    const last = sketch('a.last', { effect: 'create', needs: { x: 'a.x' }, establishes: ['a.done'] })
    expect(fault({ outcomes: ['a.done'], tools: [one, two, last] })).toMatchObject({
      code: 'ambiguous_fact',
      issues: [{ message: expect.stringContaining('a.read_one or a.read_two') }],
    })
    const more = sketch('a.more', { effect: 'create', needs: { p: 'a.p' }, establishes: ['a.more_done'] })
    const given = { outcomes: ['a.done', 'a.more_done'], tools: [one, two, last, more] }
    expect(used(given)).toEqual(['a.read_one', 'a.last', 'a.more'])
    expect(used({ ...given, bind: { 'a.x': 'a.read_two' } })).toContain('a.read_two')
  })

  test('bind goes before the input, and names tools that exist and give the fact', () => {
    const last = sketch('a.last', { effect: 'create', needs: { x: 'a.x' }, establishes: ['a.done'] })
    const given = { outcomes: ['a.done'], tools: [start, last], input: { 'a.x': 'x' } }
    expect(used(given)).toEqual(['a.last'])
    expect(used({ ...given, bind: { 'a.x': 'a.start' } })).toEqual(['a.start', 'a.last'])
    expect(fault({ ...given, bind: { 'a.x': 'a.strat' } }).issues).toEqual([
      { path: '/bind/a.x', message: 'there is no tool a.strat; did you mean a.start?' },
    ])
    expect(fault({ ...given, bind: { 'a.x': 'a.last' } }).issues[0]?.message).toContain('neither gives nor establishes')
  })

  test('bind chooses the tool that establishes an outcome', () => {
    const cheap = sketch('a.cheap', { effect: 'create', establishes: ['a.done'] })
    const dear = sketch('a.dear', { effect: 'update', establishes: ['a.done'] })
    expect(used({ outcomes: ['a.done'], tools: [cheap, dear], bind: { 'a.done': 'a.dear' } })).toEqual(['a.dear'])
  })
})
