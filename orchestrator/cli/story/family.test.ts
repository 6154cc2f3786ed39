import { describe, expect, test } from 'vitest'
import { draft, type Event } from '../../model/event.ts'
import { fold, type Situation } from '../../model/situation.ts'
import { childId, type Fate, family } from '../fixtures/family.ts'
import { instant, runId } from '../fixtures/recording.ts'
import { type Line, paint } from '../text/line.ts'
import { displayWidth } from '../text/width.ts'
import { chartLines } from './chart.ts'
import { shortId } from './short-id.ts'
import { Story } from './story.ts'
import { summaryLines } from './summary.ts'

const columns = 80
const text = (lines: readonly Line[]) => `\n${lines.map((line) => paint(line, false)).join('\n')}\n`

function situationsOf(events: readonly Event[]): Map<string, Situation> {
  return new Map([...Map.groupBy(events, ({ run_id }) => run_id)].map(([id, own]) => [id, fold(own)]))
}

/** What is told of these events, where all of those are recorded. */
function told(events: readonly Event[], recorded = events): string {
  const situations = situationsOf(recorded)
  const story = new Story(columns, runId)
  return text(
    events.flatMap((event) => {
      const situation = situations.get(event.run_id)
      return situation ? story.tell(event, situation) : []
    }),
  )
}

function ending(events: readonly Event[]): string {
  const situations = situationsOf(events)
  const situation = situations.get(runId) ?? fold([])
  const place = { address: shortId(runId), tag: '' }
  const options = { columns, command: 'npm run remit --', folder: '/home/ada/remit', place, situations }
  return text([...chartLines(situation, columns), [], ...summaryLines(situation, options)])
}

const timeline = (story: string) => story.slice(story.indexOf('   0.009s'))
const mixed = family({ 'Acme GmbH': 'done', 'Beta Ltd': 'asks', 'Gamma SAS': 'undone' })
const many = (fate: Fate) => Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`Customer ${index}`, fate]))

describe('the story of a run with sub-goals', () => {
  test('says for how many items a task is, before and as it starts', () => {
    expect(told(mixed)).toContain('    1  goals.onboard × 3\n')
    expect(told(mixed)).toContain('   0.009s     onboard for 3 items, each in a run of its own\n')
  })

  test('tells a few side by side, each line by what tells them apart, and no plan twice', () => {
    expect(timeline(told(mixed))).toMatchInlineSnapshot(`
      "   0.009s     onboard for 3 items, each in a run of its own
         0.010s ╷ → onboard/0 Acme GmbH
         0.010s │╷ → onboard/1 Beta Ltd
         0.010s ││╷ → onboard/2 Gamma SAS
         0.061s ├││ onboard/0 Acme GmbH ✓ org.create_organization                29 ms
         0.062s │├│ onboard/1 Beta Ltd  ✓ org.create_organization                29 ms
         0.063s ││├ onboard/2 Gamma SAS ✓ org.create_organization                29 ms
         0.121s ├││ onboard/0 Acme GmbH ✓ work.create_workspace                  54 ms
         0.122s │├│ onboard/1 Beta Ltd  ✓ work.create_workspace                  54 ms
         0.123s ││├ onboard/2 Gamma SAS ✓ work.create_workspace                  54 ms
         0.201s ├││ onboard/0 Acme GmbH ✓ billing.create_subscription           134 ms
         0.202s │├│ onboard/1 Beta Ltd  ✗ billing.create_subscription           134 ms
                │││   declined (card_declined): The card was declined.
         0.203s ││├ onboard/2 Gamma SAS ✗ billing.create_subscription           134 ms
                │││   declined (card_declined): The card was declined.
         0.207s ││├ onboard/2 Gamma SAS Undoing 2 calls
                │││   work.workspace cannot be had
         0.302s ╵││ ✓ onboard/0 Acme GmbH                                       290 ms
         0.401s  ├│ onboard/1 Beta Ltd  ? waits for a person
                 ││   billing.subscription cannot be had: the card was declined
         0.403s  │├ onboard/2 Gamma SAS ✓ work.delete_workspace                 189 ms
         0.503s  │├ onboard/2 Gamma SAS ✓ org.delete_organization                89 ms
         0.592s  │├ onboard/2 Gamma SAS ✓ Undo complete: nothing of it remains.
         0.604s  │╵ ✗ onboard/2 Gamma SAS                                       592 ms
                 │    unsatisfied: Run 019a0000-0000-7000-8000-000000000102 failed:
                 │    work.workspace cannot be had
      "
    `)
  })

  test('tells of many only what people have to know of', () => {
    const events = family({ ...many('done'), 'Beta Ltd': 'asks', 'Gamma SAS': 'undone' })
    const lines = timeline(told(events)).split('\n')
    expect(lines.filter((line) => line.includes('Customer 7'))).toMatchInlineSnapshot(`
      [
        "   0.010s   → onboard/7 Customer 7",
        "   0.309s   ✓ onboard/7 Customer 7                                        297 ms",
      ]
    `)
    expect(lines.filter((line) => /Beta Ltd|Gamma SAS|cannot be had/.test(line)).join('\n')).toMatchInlineSnapshot(`
      "   0.010s   → onboard/20 Beta Ltd
         0.010s   → onboard/21 Gamma SAS
         0.226s   onboard/21 Gamma SAS   Undoing 2 calls
                    work.workspace cannot be had
         0.420s   onboard/20 Beta Ltd    ? waits for a person
                    billing.subscription cannot be had: the card was declined
         0.611s   onboard/21 Gamma SAS   ✓ Undo complete: nothing of it remains.
         0.623s   ✗ onboard/21 Gamma SAS                                        611 ms"
    `)
    expect(lines.some((line) => line.includes('org.create_organization'))).toBe(false)
  })

  test('is the same however its events arrive: alone, again, or without how the runs were created', () => {
    const again = mixed.flatMap((event) => [event, event])
    expect(told(again, mixed)).toBe(told(mixed))
    const unseen = mixed.filter(({ type, run_id }) => type !== 'run_created' || run_id === runId)
    expect(told(unseen, mixed)).toBe(told(mixed))
  })

  test('says what a sub-goal asks once, and from the parent where the sub-goal itself is not told', () => {
    const question = /billing\.subscription cannot be had/g
    expect(told(mixed).match(question)).toHaveLength(1)
    const alone = mixed.filter(({ run_id }) => run_id === runId)
    expect(told(alone).match(question)).toHaveLength(1)
    expect(told(alone)).toContain('Waiting for a run that is a part of it')
  })

  test('tells an answer with why, and what of the input it changed, sealed values apart', () => {
    const input = { organization: { name: 'Beta Ltd', tax_id: { $sealed: 'v1.x.y.z' } }, seats: 30 }
    const answer = draft('wait_ended', {
      wait_id: 'a1',
      choice: 'change',
      by: 'local:ada',
      why: 'they pay by\u202e invoice',
      input,
    })
    const child = mixed.filter(({ run_id }) => run_id === childId(1))
    const place = { run_id: childId(1), seq: child.length + 1, v: 1, prev_hash: '', hash: '', tenant: 'default' }
    const events = [...mixed, { ...answer, ...place, at: instant(9000) }]
    expect(told(events).split('\n').slice(-6).join('\n')).toMatchInlineSnapshot(`
      "           │    work.workspace cannot be had
         9.000s  ├  onboard/1 Beta Ltd  Answered change by local:ada
                 │    they pay by\\u{202e} invoice
                 │    organization.tax_id [sealed] → [sealed]
                 │    seats 5 → 30
      "
    `)
  })

  test('keeps every line within 80 columns, whatever the items are called', () => {
    const long = `${'株式会社'.repeat(20)}\u202e\u001b[2J`
    for (const fates of [
      { A: 'done', [long]: 'asks', B: 'undone' },
      { ...many('asks'), [long]: 'undone' },
    ]) {
      const events = family(fates as Record<string, Fate>)
      const lines = `${told(events)}${ending(events)}`.split('\n')
      expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([])
      for (const character of ['\u202e', '\u001b']) expect(lines.join('')).not.toContain(character)
    }
  })

  test('shows the calls of sub-goals as what runs now, in the place of the run', () => {
    const story = new Story(columns, runId)
    const situations = situationsOf(mixed)
    for (const event of mixed.filter(({ at }) => at <= instant(70)))
      story.tell(event, situations.get(event.run_id) ?? fold([]))
    expect(story.running().map(({ label }) => label)).toContain('onboard/1 Beta Ltd  work.create_workspace')
    expect(story.running().map(({ label }) => label)).not.toContain('onboard/1 Beta Ltd')
  })
})

describe('how a story with sub-goals ends', () => {
  test('lists what each made, how it stands, its run, and what it asks', () => {
    expect(ending(mixed)).toMatchInlineSnapshot(`
      "
      Calls  592 ms from the first to the last
        ✓ onboard/0 Acme GmbH ███████████████████████                          290 ms
        ✗ onboard/2 Gamma SAS ██████████████████████████████████████████████   592 ms

      ? Waiting for a person                                                   6 calls

      What exists now
        ✓ succeeded  onboard/0 Acme GmbH          019a0000-0000-7000-8000-000000000100
            organization  org_0
            workspace     ws_0
            subscription  sub_0
        ? waiting    onboard/1 Beta Ltd           019a0000-0000-7000-8000-000000000101
            organization  org_1
            workspace     ws_1
        ✗ failed     onboard/2 Gamma SAS          019a0000-0000-7000-8000-000000000102
            all undone: work.workspace cannot be had

      Asked by onboard/1 Beta Ltd
        billing.subscription cannot be had: the card was declined
        Without an answer by 2026-01-08 12:00:00 UTC: accept (go on without
        billing.subscription).
        npm run remit -- answer 019a0000-0000/onboard/1 retry
            try the failed tasks again
        npm run remit -- answer 019a0000-0000/onboard/1 change --input patch.json
            change the input, and try the failed tasks again
        npm run remit -- answer 019a0000-0000/onboard/1 accept
            go on without billing.subscription

      Look further
        npm run remit -- show 019a0000-0000    this story again
        npm run remit -- events 019a0000-0000  the record of it, event by event
        npm run remit -- verify 019a0000-0000  proves that the record was not altered
        npm run remit -- sql "select server, tool, status from calls"
      "
    `)
  })

  test('asks once what many ask, and names some whom an answer goes to', () => {
    const end = ending(family(many('asks')))
    expect(end.slice(end.indexOf('Asked'))).toMatchInlineSnapshot(`
      "Asked by 20 sub-goals
        billing.subscription cannot be had: the card was declined
        Without an answer by 2026-01-08 12:00:00 UTC: accept (go on without
        billing.subscription).
        npm run remit -- answer 019a0000-0000/onboard/0 CHOICE  onboard/0 Customer 0
        npm run remit -- answer 019a0000-0000/onboard/1 CHOICE  onboard/1 Customer 1
        npm run remit -- answer 019a0000-0000/onboard/2 CHOICE  onboard/2 Customer 2
        npm run remit -- answer 019a0000-0000/onboard/3 CHOICE  onboard/3 Customer 3
        npm run remit -- answer 019a0000-0000/onboard/4 CHOICE  onboard/4 Customer 4
        and 15 more, with: npm run remit -- runs --status waiting
        where CHOICE is one of
          retry                      try the failed tasks again
          change --input patch.json  change the input, and try the failed tasks again
          accept                     go on without billing.subscription

      Look further
        npm run remit -- show 019a0000-0000    this story again
        npm run remit -- events 019a0000-0000  the record of it, event by event
        npm run remit -- verify 019a0000-0000  proves that the record was not altered
        npm run remit -- sql "select server, tool, status from calls"
      "
    `)
  })

  test('names sub-goals that were not read by what the run itself knows of them', () => {
    const events = family(many('asks')).filter(({ run_id }) => run_id === runId)
    const end = ending(events)
    expect(end.slice(end.indexOf('Asked'), end.indexOf('Look'))).toMatchInlineSnapshot(`
      "Asked by 20 sub-goals
        billing.subscription cannot be had: the card was declined
        npm run remit -- show 019a0000-0000/onboard/0  onboard/0 Customer 0
        npm run remit -- show 019a0000-0000/onboard/1  onboard/1 Customer 1
        npm run remit -- show 019a0000-0000/onboard/2  onboard/2 Customer 2
        npm run remit -- show 019a0000-0000/onboard/3  onboard/3 Customer 3
        npm run remit -- show 019a0000-0000/onboard/4  onboard/4 Customer 4
        and 15 more, with: npm run remit -- runs --status waiting

      "
    `)
  })

  test('draws many as one bar, and lists only the state of each', () => {
    const end = ending(family(many('done')))
    expect(end.slice(0, end.indexOf('onboard/2 '))).toMatchInlineSnapshot(`
      "
      Calls  929 ms from the first to the last
        ✓ goals.onboard × 20 ████████████████                                  309 ms
        ✓ slack.post_message                                              ██    39 ms

      ✓ Succeeded                                                     21 calls, 950 ms

      What exists now
        ✓ succeeded  onboard/0 Customer 0         019a0000-0000-7000-8000-000000000100
        ✓ succeeded  onboard/1 Customer 1         019a0000-0000-7000-8000-000000000101
        ✓ succeeded  "
    `)
    expect(end).not.toContain('org_1')
  })

  test('counts what sub-goals have spent that are still under way', () => {
    expect(ending(mixed)).toMatch(/\? Waiting for a person +\d+ calls/)
    const spent = (events: readonly Event[]) => Number(/(\d+) calls/.exec(ending(events))?.[1])
    expect(spent(mixed)).toBe(spent(mixed.filter(({ run_id }) => run_id !== childId(1))) + 3)
  })
})
