import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { LiveView } from './live-view.ts'

describe('the live view', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const terminal = new FakeTerminal()
  const running = () => [
    { label: `billing.${'x'.repeat(90)}`, since: terminal.now() - 1200, progress: { done: 2, total: 5 } },
  ]

  test('only appends where stdout is not a screen', () => {
    const pipe = new FakeTerminal()
    const live = new LiveView(pipe, false, running)
    live.append([['one']])
    vi.advanceTimersByTime(1000)
    live.close()
    expect(pipe.out).toBe('one\n')
  })

  test('redraws its block below what was appended, and leaves nothing behind', () => {
    const screen = new FakeTerminal()
    screen.isTTY = true
    const live = new LiveView(screen, false, running)
    live.append([['one']])
    expect(screen.out).toMatch(/^one\n {2}\S billing\.x+…\n$/)
    vi.advanceTimersByTime(100)
    expect(screen.out).toContain('\u001b[1A\u001b[0J')
    live.close()
    expect(screen.out.endsWith('\u001b[1A\u001b[0J')).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('keeps each line of its block within the screen, so that it can be redrawn', () => {
    const screen = new FakeTerminal()
    screen.isTTY = true
    screen.columns = 40
    const live = new LiveView(screen, false, running)
    live.append([])
    live.close()
    expect(screen.out.split('\n')[0]?.length).toBeLessThan(40)
  })

  test('says of a pause when it is over, and counts what would not fit on a screen', () => {
    const screen = new FakeTerminal()
    screen.isTTY = true
    const now = screen.now()
    const calls = Array.from({ length: 20 }, (_, index) => ({ label: `call ${index}`, since: now - 1000 }))
    const live = new LiveView(screen, false, () => [{ label: 'put off', since: now, until: now + 2500 }, ...calls])
    live.append([])
    expect(screen.out.split('\n')[0]).toMatch(/^ {2}\S put off {2}again in 2\.50 s$/)
    expect(screen.out.split('\n').slice(-2)).toEqual(['    and 9 more', ''])
    live.close()
  })
})
