import { describe, expect, test } from 'vitest'
import { waiting } from '../fixtures/journals.ts'
import { runId } from '../fixtures/recording.ts'
import { remit } from '../fixtures/remit.ts'

describe('answer', () => {
  test('records the answer and goes on with the run', async () => {
    const { exit, workplace, out } = await remit(['answer', '019a', 'undo', '--why', 'no time'], {
      recording: waiting(),
    })
    expect(workplace.answers).toEqual([[runId, 'undo', 'no time']])
    expect(workplace.opened[0]?.servers).toBe(true)
    expect(exit).toBe(3)
    expect(out).toContain('answer 019a0000-0000 retry')
  })

  test('refuses what the run does not offer, naming what it does', async () => {
    const { exit, err, workplace } = await remit(['answer', 'last', 'perhaps'], { recording: waiting() })
    expect(exit).toBe(2)
    expect(err).toContain('does not offer "perhaps"')
    expect(err).toContain('try the failed tasks again')
    expect(workplace.answers).toEqual([])
  })

  test('refuses a run that asks nothing', async () => {
    expect((await remit(['answer', 'last', 'undo'])).err).toContain('is succeeded and waits for no answer')
  })
})

describe('cancel and resume', () => {
  test('cancel records who asked, and follows the undo', async () => {
    const { workplace } = await remit(['cancel', 'last', '--why', 'wrong customer'], { recording: waiting() })
    expect(workplace.answers).toEqual([['cancel', runId, 'wrong customer']])
  })

  test('resume goes on with a run that rests, and refuses one that ended', async () => {
    expect((await remit(['resume', 'last'], { recording: waiting() })).exit).toBe(3)
    const { exit, err } = await remit(['resume', 'last'])
    expect(exit).toBe(2)
    expect(err).toContain('nothing to resume')
  })
})
