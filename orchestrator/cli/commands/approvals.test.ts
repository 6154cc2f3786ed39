import { describe, expect, test } from 'vitest'
import type { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { held } from '../fixtures/journals.ts'
import { runId } from '../fixtures/recording.ts'
import { remit } from '../fixtures/remit.ts'

describe('approvals', () => {
  const approval = 'aaaa0000-0000-7000-8000-000000000001'
  const asked = {
    recording: held(),
    prepare: (workplace: FakeWorkplace) => {
      const until = '2026-01-02T00:00:00.000Z'
      workplace.openApprovals = [
        { approval_id: approval, run_id: runId, task_id: 'post_message', question: 'May it?', until },
      ]
    },
  }

  test('shows exactly what would be called, with what deceives the eye escaped and what is sealed hidden', async () => {
    const { exit, out } = await remit(['approvals'], asked)
    expect(exit).toBe(0)
    expect(out).toContain(approval)
    expect(out).toContain('slack.post_message')
    expect(out).toContain('"#sales"')
    expect(out).toContain('[sealed]')
    expect(out).not.toContain('\u202e')
  })

  test('says so when there are none', async () => {
    expect(await remit(['approvals'])).toMatchObject({ exit: 0, out: '', err: 'Nothing waits for an approval.\n' })
  })

  test.each([
    ['approve', '--reason'],
    ['deny', '--why'],
  ])('%s records the decision and goes on with the run', async (choice, option) => {
    const { exit, workplace, out } = await remit([choice, 'aaaa', option, 'read it'], asked)
    expect(workplace.answers).toEqual([['aaaa', choice, 'read it']])
    expect(exit).toBe(3)
    expect(out).toContain(`approve ${approval}`)
  })
})
