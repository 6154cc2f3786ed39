import { describe, expect, test } from 'vitest'
import { fold } from '../../model/situation.ts'
import {
  decided,
  delayed,
  exhausted,
  happyPath,
  held,
  retries,
  turnedAway,
  undo,
  waiting,
} from '../fixtures/journals.ts'
import { instant, Recording, runId, task } from '../fixtures/recording.ts'
import { type Line, paint } from '../text/line.ts'
import { displayWidth } from '../text/width.ts'
import { chartLines } from './chart.ts'
import { shortId } from './short-id.ts'
import { Story } from './story.ts'
import { summaryLines } from './summary.ts'

const columns = 80
const text = (lines: readonly Line[]) => `\n${lines.map((line) => paint(line, false)).join('\n')}\n`

function told({ events }: Recording): string {
  const story = new Story(columns, runId)
  const situation = fold(events)
  return text(events.flatMap((event) => story.tell(event, situation)))
}

function ending({ events }: Recording): string {
  const situation = fold(events)
  const place = { address: shortId(runId), tag: '' }
  const options = { columns, command: 'npm run remit --', folder: '/home/ada/remit', place, situations: new Map() }
  return text([...chartLines(situation, columns), [], ...summaryLines(situation, options)])
}

describe('the story of a run', () => {
  test('shows the plan as a graph and calls that run at the same time side by side', () => {
    expect(told(happyPath())).toMatchInlineSnapshot(`
      "
        run      019a0000-0000-7000-8000-000000000001

      Decided: a plan of 6 calls                                         planner, 3 ms
        The fewest calls that give all three outcomes; what can be undone comes first.

          1  org.validate_signup
             Checks the sign-up before anything is made.
          2  org.create_organization      after 1
        ┌ 3  work.create_workspace        after 2
        │    Gives work.workspace, an outcome of the goal.
        └ 4  billing.create_customer      after 2
          5  billing.create_subscription  after 4
             Gives billing.subscription, an outcome of the goal.
          6  email.send_welcome           after 3, 5
          Tasks in one bracket do not wait for each other.

         0.010s ╷  → org.validate_signup
         0.029s ╵  ✓ org.validate_signup                                         17 ms
         0.030s ╷  → org.create_organization
         0.053s ╵  ✓ org.create_organization                                     21 ms
         0.055s ╷  → work.create_workspace
         0.055s │╷ → billing.create_customer
         0.092s │╵ ✓ billing.create_customer                                     35 ms
         0.094s │╷ → billing.create_subscription
         0.181s │╵ ✓ billing.create_subscription                                 85 ms
         1.421s ╵  ✓ work.create_workspace                                      1.36 s
         1.425s ╷  → email.send_welcome
         1.471s ╵  ✓ email.send_welcome                                          44 ms

      Decided: finish, with evidence for 3 outcomes                      planner, 3 ms
        Every outcome is established by a call that stands.
      "
    `)
  })

  test('says why a call is repeated, when, under which key, and what a lookup found', () => {
    expect(told(retries()).split('\n\n').at(-1)).toMatchInlineSnapshot(`
      "   0.010s ╷  → billing.create_customer
         0.041s ╵  ✗ billing.create_customer                                     29 ms
                     unavailable (503): Stripe answered 503 before it did anything
                     Attempt 2 in 300 ms, with the same key.
         0.341s ╷  → billing.create_customer  attempt 2
         0.361s ╵  ✓ billing.create_customer  attempt 2                          18 ms
         0.362s ╷  → email.send_welcome
         0.901s ╵  ? email.send_welcome                                         537 ms
                     uncertain: The connection ended before the mail server answered
                     Whether it happened is looked up in 1.00 s.
         1.901s ╷  → email.find_delivery  did send_welcome happen?
         1.911s ╵  ✗ email.find_delivery                                          8 ms
                     It had not happened.
                     Next attempt at once, with a new key.
         1.911s ╷  → email.send_welcome  attempt 2
         1.951s ╵  ✓ email.send_welcome  attempt 2                               38 ms
      "
    `)
  })

  test('tells an undo call by call, and what it could not take back', () => {
    expect(told(undo()).slice(told(undo()).indexOf('   0.010s'))).toMatchInlineSnapshot(`
      "   0.010s ╷  → org.create_organization
         0.031s ╵  ✓ org.create_organization                                     19 ms
         0.033s ╷  → work.create_workspace
         0.033s │╷ → billing.create_subscription
         0.081s │╵ ✗ billing.create_subscription                                 46 ms
                │    declined (card_declined): The card was declined.
         0.401s ╵  ✓ work.create_workspace                                      366 ms

      Decided: give up (task_failed)                                     planner, 3 ms
        billing.subscription cannot be had: create_subscription was declined

      Undoing 2 calls, newest first
         0.406s ╷  → work.delete_workspace  undoes create_workspace
         0.501s ╵  ✓ work.delete_workspace                                       93 ms
         0.502s ╷  → org.delete_organization  undoes create_organization
         0.511s ╵  ✗ org.delete_organization                                      7 ms
                     conflict: The organization has members
                     It stays as it is.
      ✗ Undo partial: 1 call could not be taken back.
      "
    `)
  })

  test('tells what a person is asked and what may be answered', () => {
    expect(told(waiting()).slice(told(waiting()).indexOf('   0.010s'))).toMatchInlineSnapshot(`
      "   0.010s ╷  → work.create_workspace
         0.061s ╵  ✗ work.create_workspace                                       49 ms
                     internal: The starter schema cannot be created

      Decided: give up (task_failed)                                     planner, 3 ms
        work.workspace cannot be had: the new database does not answer

      Waiting for a person
        work.workspace cannot be had: the new database does not answer
        Choices: retry · undo
      "
    `)
  })

  test('shows exactly what a held call would do, until when a person may decide, and what happens otherwise', () => {
    expect(told(held()).split('\n\n').at(-1)).toMatchInlineSnapshot(`
      "Waiting for an approval: slack.post_message
        May slack.post_message be called?
          channel  "#sales"
          text     "evil\\u{202e}txt"
          token    "[sealed]"
        Choices: approve · deny
        Without a decision by 2026-01-02 00:00:00 UTC it counts as denied.
      "
    `)
  })

  test.each([
    [
      { choice: 'approve', by: 'local:ada', why: 'read it' },
      ['Approved by local:ada, slack.post_message', '  read it'],
    ],
    [{ choice: 'deny', by: 'local:ada' }, ['Denied by local:ada, slack.post_message']],
    [{ choice: 'deny', by: 'deadline' }, ['Nobody answered in time: deny, slack.post_message']],
  ])('tells of a decision who made it, and why: %o', (ended, [line, ...why]) => {
    const lines = told(decided(ended))
      .trimEnd()
      .split('\n')
      .slice(-1 - why.length)
    expect(lines).toEqual([`   5.000s   ${line}`, ...why.map((text) => `${' '.repeat(12)}${text}`)])
  })

  test('tells for what instant a task waits', () => {
    expect(told(delayed()).split('\n\n').at(-1)).toMatchInlineSnapshot(`
      "Waiting for an instant
        email.send_reminder starts in 60 s
        Choices: start
        It goes on at 2026-01-01 12:01:00 UTC.
      "
    `)
  })

  test('tells what was not called because the budget is used up, and offers to extend it', () => {
    expect(told(exhausted()).slice(told(exhausted()).indexOf('   0.030s'))).toMatchInlineSnapshot(`
      "   0.030s    ✗ org.create_organization was not called
                     budget_exhausted: The budget of 1 calls is used up

      Decided: give up (budget_exhausted)                                planner, 3 ms
        billing.subscription cannot be had: The budget of 1 calls is used up

      Waiting for a person
        billing.subscription cannot be had: The budget of 1 calls is used up
        Choices: extend · undo
        Without an answer by 2026-01-08 12:00:00 UTC: undo (undo all that this run
        did).
      "
    `)
    expect(ending(exhausted())).toContain('answer 019a0000-0000 extend  give it its budget once more')
  })

  test('tells how long a pause is, who asked for it, and when nothing is tried again', () => {
    expect(told(turnedAway()).slice(told(turnedAway()).indexOf('   0.010s'))).toMatchInlineSnapshot(`
      "   0.010s ╷ → slack.post_message
         0.041s ╵ ✗ slack.post_message                                           29 ms
                    rate_limited: Slack asks to wait.
                    Attempt 2 in 2.00 s, with the same key; a pause of 2.00 s was
                    asked for.
         2.041s ╷ → slack.post_message  attempt 2
         2.051s ╵ ✗ slack.post_message  attempt 2                                 8 ms
                    unavailable: slack is left alone until 12:01:00 after 5 failures
                    in a row
                    Attempt 3 in 1 min 00 s, with the same key.
           1:02 ╷ → slack.post_message  attempt 3
           1:02 ╵ ✗ slack.post_message  attempt 3                                28 ms
                    unauthorized (invalid_auth): Slack does not accept the token.
      "
    `)
  })

  test('says while a call is put off when it is made again', () => {
    const { events } = turnedAway()
    const story = new Story(columns, runId)
    const running = events.map((event) => {
      story.tell(event, fold(events))
      return story
        .running()
        .map(({ label, until }) => [label, until === undefined ? '' : new Date(until).toISOString()])
    })
    expect(running.slice(3)).toEqual([
      [['slack.post_message', '']],
      [['slack.post_message', instant(2041)]],
      [['slack.post_message', '']],
      [['slack.post_message', instant(62_051)]],
      [['slack.post_message', '']],
      [],
    ])
  })

  test('puts the progress of a call into its lane, each message once and not for ever', () => {
    const story = new Story(columns, runId)
    const { events } = new Recording()
      .plan(0, '', [task('a.x'), task('b.y')])
      .intend(10, 'c1', 'a.x')
      .intend(10, 'c2', 'b.y')
    for (const event of events) story.tell(event, fold(events))
    const now = Date.parse(events[0]?.at ?? '') + 120
    const say = (message: string) => text(story.progress('c2', { done: 1, total: 3, message }, now)).trim()
    expect(say('create role')).toBe('0.120s │├   · create role (1/3)')
    expect(say('create role')).toBe('')
    expect(story.running().map(({ progress }) => progress?.message)).toEqual([undefined, 'create role'])
    const more = Array.from({ length: 50 }, (_, index) => say(`step ${index}`))
    expect(more.filter((line) => line !== '')).toHaveLength(11)
  })

  test('keeps every line within 80 columns', () => {
    for (const recording of [happyPath, retries, undo, waiting, held, delayed, exhausted, turnedAway].map((tell) =>
      tell(),
    )) {
      const lines = `${told(recording)}${ending(recording)}`.split('\n')
      expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([])
    }
  })

  test('writes out what a vendor hides in a message', () => {
    const recording = new Recording().plan(0, 'because \u001b[2J\u202e', [task('a.x')])
    expect(told(recording)).toContain('because \\e[2J\\u{202e}')
  })
})

describe('how a story ends', () => {
  test('draws the calls on one axis and says what exists now, with files relative to where the person is', () => {
    expect(ending(happyPath())).toMatchInlineSnapshot(`
      "
      Calls  1.46 s from the first to the last
        ✓ org.validate_signup         █                                         17 ms
        ✓ org.create_organization     █                                         21 ms
        ✓ work.create_workspace        ████████████████████████████████████    1.36 s
        ✓ billing.create_customer      █                                        35 ms
        ✓ billing.create_subscription   ██                                      85 ms
        ✓ email.send_welcome                                              ██    44 ms

      ✓ Succeeded                                                      6 calls, 1.48 s

      What exists now
        org      organization id      org_01
                 slug                 acme
        work     workspace id         ws_01
                 database             ws_acme
                                      open it: npm run remit -- psql ws_acme
        billing  subscription id      sub_01
                 subscription status  active
        email    file                 .remit/mail/1.eml

      Look further
        npm run remit -- show 019a0000-0000    this story again
        npm run remit -- events 019a0000-0000  the record of it, event by event
        npm run remit -- verify 019a0000-0000  proves that the record was not altered
        npm run remit -- sql "select server, tool, status from calls"
      "
    `)
  })

  test('tells undo from plan without colour, and why the run failed', () => {
    expect(ending(undo())).toMatchInlineSnapshot(`
      "
      Calls  499 ms from the first to the last
        ✓ org.create_organization     █                                         19 ms
        ✓ work.create_workspace        █████████████████████████████           366 ms
        ✗ billing.create_subscription  ████                                     46 ms
        ✓ work.delete_workspace                                     ▒▒▒▒▒▒▒     93 ms
        ✗ org.delete_organization                                          ▒     7 ms
        █ the plan   ▒ undo, or finding out

      ✗ Failed                                                         5 calls, 513 ms
        billing.subscription cannot be had: create_subscription was declined

      What remains
        org.create_organization  The organization has members

      Look further
        npm run remit -- show 019a0000-0000    this story again
        npm run remit -- events 019a0000-0000  the record of it, event by event
        npm run remit -- verify 019a0000-0000  proves that the record was not altered
        npm run remit -- sql "select server, tool, status from calls"
      "
    `)
  })

  test('offers each answer as the command that gives it', () => {
    expect(ending(waiting()).split('\n\n').at(-2)).toMatchInlineSnapshot(`
      "Asked
        work.workspace cannot be had: the new database does not answer
        npm run remit -- answer 019a0000-0000 retry  try the failed tasks again
        npm run remit -- answer 019a0000-0000 undo   undo all that this run did"
    `)
  })

  test('shows again what exactly an approval would let happen, with the commands that decide', () => {
    expect(ending(held()).split('\n\n').at(-2)).toMatchInlineSnapshot(`
      "Asked
        May slack.post_message be called?
          channel  "#sales"
          text     "evil\\u{202e}txt"
          token    "[sealed]"
        Without a decision by 2026-01-02 00:00:00 UTC it counts as denied.
        npm run remit -- approve aaaa0000-0000-7000-8000-000000000001
            let it be called once
        npm run remit -- deny aaaa0000-0000-7000-8000-000000000001
            do not call it"
    `)
  })

  test('shows sealed facts as sealed', () => {
    const recording = new Recording().finish(5, {
      status: 'succeeded',
      result: { 'a.password': { $sealed: 'v1.a.b.c' } },
    })
    expect(ending(recording)).toMatch(/password {2}\[sealed\]/)
  })

  test('lists outcomes that do not hold though the run succeeded', () => {
    const recording = happyPath()
    recording.events.pop()
    recording.finish(1480, { status: 'succeeded', outcomes: [{ fact: 'org.organization', established_by: 'c2' }] })
    expect(ending(recording)).toContain('✗ billing.subscription  does not hold')
  })
})
