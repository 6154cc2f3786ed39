import { v7 as uuidv7 } from 'uuid'
import { type Draft, draft, type Event, type EventData } from '../orchestrator/model/event.ts'
import { fold } from '../orchestrator/model/situation.ts'
import { openJournal } from '../orchestrator/record/journal.ts'
import { chainOf, chainRun } from './chain-run.ts'
import { idleGateway } from './ledger.ts'
import { each, inTurn, median } from './measure.ts'
import type { Part } from './part.ts'
import { stageDatabase } from './stage.ts'

/** How long it takes to know where a run is, from nothing but its record. */
export const foldTime: Part = {
  name: 'fold-time',
  about: 'reading and folding runs of up to 10,000 events',
  async run(stage, { quick }) {
    await using database = await stageDatabase(stage)
    const journal = openJournal({ url: database.journalUrl, now: () => new Date() })
    try {
      const events = await journal.read(await chainRun({ journal, gateway: idleGateway }, 2))
      const rows = []
      for (const size of quick ? [100, 1_000] : [100, 1_000, 10_000]) {
        const runId = uuidv7()
        await journal.create(
          { run_id: runId, tenant: 'bench', principal: 'local:bench', goal: 'bench', mode: 'emulated' },
          longRun(events, size),
        )
        const stored = await journal.read(runId)
        const measured = await inTurn(quick ? 1 : 10, {
          fold: () => each(1, async () => void fold(stored)),
          read: () => each(1, () => journal.read(runId)),
        })
        const ms = median(measured.fold)
        rows.push({
          events: stored.length,
          'ms to read': median(measured.read),
          'ms to fold': ms,
          'µs to fold an event': (ms * 1_000) / stored.length,
        })
      }
      return { tables: [{ title: 'Taking up a run', rows }], bars: [] }
    } finally {
      await journal.close()
    }
  },
}

/** A run of so many events, about to finish: the calls of a short one over and over. */
function longRun(sample: readonly Event[], size: number): Draft[] {
  const data = <Type extends Event['type']>(type: Type): EventData[Type] => {
    const found = sample.findLast((event) => event.type === type)
    if (!found) throw new RangeError(`the sample has no ${type}`)
    return found.data as EventData[Type]
  }
  const count = Math.floor(size / 2) - 2
  const accepted = data('plan_accepted')
  const intended = data('call_intended')
  const settled = data('call_settled')
  const made = (sample.find(({ type }) => type === 'decision_made') as Extract<Event, { type: 'decision_made' }>).data
  const tasks = chainOf(count)
  const calls = tasks.flatMap(({ id }) => {
    const call_id = uuidv7()
    return [
      draft('call_intended', { ...intended, call_id, task_id: id }),
      draft('call_settled', { ...settled, call_id }),
    ]
  })
  return [
    draft('run_created', data('run_created')),
    draft('decision_made', { ...made, decision: { kind: 'plan', tasks, why: '' } }),
    draft('plan_accepted', { ...accepted, tasks }),
    ...calls,
    draft('decision_made', data('decision_made')),
  ]
}
