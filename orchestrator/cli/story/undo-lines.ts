import type { EventData } from '../../model/event.ts'
import type { Situation } from '../../model/situation.ts'
import { count } from '../text/count.ts'
import { bad, good, heading, type Line, name, paragraph } from '../text/line.ts'
import { cut, displayWidth, padEnd } from '../text/width.ts'
import { callLabel } from './call-words.ts'

const widestLabel = 34

/** What an undo came to, in one sentence. */
export function undoneLine({ status, remaining }: EventData['compensation_finished']): Line {
  switch (status) {
    case 'complete':
      return [good('✓'), ' Undo complete: nothing of it remains.']
    case 'partial':
      return [bad('✗'), ` Undo partial: ${count(remaining.length, 'call')} could not be taken back.`]
    case 'none':
      return [good('✓'), ' There was nothing to undo.']
  }
}

/** What an undo could not take back, and why. */
export function remainsLines(situation: Situation, columns: number): Line[] {
  const { status, remaining = [] } = situation.compensation ?? {}
  if (status !== 'partial') return []
  const rows = remaining.map(({ call_id, tool, why }) => {
    const call = situation.calls.get(call_id)
    return { label: cut(call ? callLabel(call, situation) : tool, widestLabel), why }
  })
  const width = Math.max(0, ...rows.map(({ label }) => displayWidth(label)))
  return [
    [],
    [heading('What remains')],
    ...rows.flatMap(({ label, why }) => paragraph(['  ', name(padEnd(label, width)), '  '], why, columns)),
  ]
}
