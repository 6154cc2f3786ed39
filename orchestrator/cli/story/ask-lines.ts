import { cutLine, faint, heading, type Line, name, paragraph } from '../text/line.ts'
import type { Ask } from './asks.ts'
import { type Door, type DoorOptions, doorLines } from './doors.ts'
import { argumentLines, deadlineLines } from './wait-lines.ts'

/** More approvals, and more sub-goals that ask the same, than this are counted only. */
const mostShown = 5

/** Each question, once, with the commands that answer it. An approval is for one call, and never shares a question. */
export function askLines(asks: readonly Ask[], options: DoorOptions): Line[] {
  const approvals = asks.filter(({ wait }) => wait.for === 'approval')
  const more = approvals.length - mostShown
  const others = asks.filter(({ wait }) => wait.for !== 'approval')
  const groups = Map.groupBy(others, ({ wait: { question, choices } }) => JSON.stringify([question, choices]))
  return [
    ...[...groups.values()].flatMap((group) => groupLines(group, options)),
    ...approvals.slice(0, mostShown).flatMap((approval) => groupLines([approval], options)),
    ...(more > 0 ? [[], [`${more} more approvals are asked for: ${options.command} approvals`]] : []),
  ]
}

function groupLines(group: readonly Ask[], options: DoorOptions): Line[] {
  const [first] = group
  if (!first) return []
  const { columns } = options
  const { wait } = first
  return [
    [],
    cutLine([heading('Asked'), ...askerOf(group)], columns),
    ...paragraph(['  '], wait.question, columns),
    ...argumentLines(wait.approval?.arguments ?? {}, columns),
    ...deadlineLines(wait, columns),
    ...(group.length === 1 ? doorLines(answersTo(first), options) : commonLines(group, first, options)),
  ]
}

function askerOf(group: readonly Ask[]): Line {
  const tags = group.map(({ place }) => place.tag).filter((tag) => tag !== '')
  if (tags.length === 0) return []
  return tags.length === 1 ? [' by ', name(tags[0] ?? '')] : [` by ${tags.length} sub-goals`]
}

/** An approval is a command of its own, and several can be asked at the same instant: the whole id tells them apart. */
function answersTo({ place: { address }, wait: { for: kind, wait_id, choices } }: Ask): Door[] {
  if (choices.length === 0) return [[`show ${address}`, 'what it asks']]
  return choices.map(({ choice, title }): Door => {
    if (kind === 'approval') return [`${choice} ${wait_id}`, title]
    return [`answer ${address} ${choice}${patchOf(choice)}`, title]
  })
}

/** The same question from several: whom an answer goes to, then what it may be. */
function commonLines(group: readonly Ask[], { wait: { choices } }: Ask, { columns, command }: DoorOptions): Line[] {
  const more = group.length - mostShown
  const doors = group.slice(0, mostShown).map(({ place: { address, tag } }): Line => {
    const door = choices.length === 0 ? `show ${address}` : `answer ${address} CHOICE`
    return cutLine([`  ${command} ${door}  `, faint(tag)], columns)
  })
  const offers = choices.map(({ choice, title }): Door => [`${choice}${patchOf(choice)}`, title])
  const width = Math.max(0, ...offers.map(([offer]) => offer.length))
  return [
    ...doors,
    ...(more > 0 ? [[faint(`  and ${more} more, with: ${command} runs --status waiting`)]] : []),
    ...(offers.length > 0 ? [['  where CHOICE is one of']] : []),
    ...offers.flatMap(([offer, title]) => paragraph(['    ', heading(offer.padEnd(width)), '  '], title, columns)),
  ]
}

function patchOf(choice: string): string {
  return choice === 'change' ? ' --input patch.json' : ''
}
