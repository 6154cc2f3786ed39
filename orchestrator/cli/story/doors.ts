import { cutLine, faint, heading, type Line, lineWidth, name, paragraph } from '../text/line.ts'
import type { Ask } from './asks.ts'
import { deadlineLines } from './wait-lines.ts'

/** A command that can be typed next, and why. */
export type Door = [command: string, why: string]

export interface DoorOptions {
  columns: number
  /** How `remit` is typed. */
  command: string
}

/** More sub-goals than this that ask the same are counted only. */
const mostAddresses = 5

/** Each question, once, with the commands that answer it. */
export function askLines(asks: readonly Ask[], options: DoorOptions): Line[] {
  const groups = [
    ...Map.groupBy(asks, ({ wait: { question, choices } }) => JSON.stringify([question, choices])).values(),
  ]
  return groups.flatMap((group) => {
    const [first] = group
    if (!first) return []
    return [
      [],
      cutLine([heading('Asked'), ...askerOf(group)], options.columns),
      ...paragraph(['  '], first.wait.question, options.columns),
      ...deadlineLines(first.wait, options.columns),
      ...(group.length === 1 ? doorLines(answersTo(first), options) : commonLines(group, first, options)),
    ]
  })
}

/** Commands with what each is for, side by side, or one below the other where the screen is too narrow for that. */
export function doorLines(doors: readonly Door[], { columns, command }: DoorOptions): Line[] {
  const width = Math.max(0, ...doors.map(([door]) => door.length))
  const isWide = columns - lineWidth([`  ${command} `]) - width - 2 >= narrowestWhy
  return doors.flatMap(([door, why]) =>
    isWide
      ? paragraph([`  ${command} ${door.padEnd(width)}  `], why, columns, 'faint')
      : [[`  ${command} ${door}`], ...paragraph(['      '], why, columns, 'faint')],
  )
}

const narrowestWhy = 22

function askerOf(group: readonly Ask[]): Line {
  const tags = group.map(({ place }) => place.tag).filter((tag) => tag !== '')
  if (tags.length === 0) return []
  return tags.length === 1 ? [' by ', name(tags[0] ?? '')] : [` by ${tags.length} sub-goals`]
}

/** The same question from several: whom an answer goes to, then what it may be. */
function commonLines(group: readonly Ask[], { wait }: Ask, { columns, command }: DoorOptions): Line[] {
  const more = group.length - mostAddresses
  const isApproval = wait.for === 'approval'
  const doors = group
    .slice(0, mostAddresses)
    .map(
      ({ place: { address, tag }, wait: { wait_id } }): Door => [
        isApproval ? `CHOICE ${wait_id}` : `answer ${address} CHOICE`,
        tag,
      ],
    )
  const choices = wait.choices.map(({ choice, title }): Door => [`${choice}${patchOf(choice)}`, title])
  const width = Math.max(0, ...choices.map(([choice]) => choice.length))
  return [
    ...doors.map(([door, tag]) => cutLine([`  ${command} ${door}  `, faint(tag)], columns)),
    ...(more > 0 ? [[faint(`  and ${more} more, with: ${command} runs --status waiting`)]] : []),
    ['  where CHOICE is one of'],
    ...choices.flatMap(([choice, title]) => paragraph(['    ', heading(choice.padEnd(width)), '  '], title, columns)),
  ]
}

/** An approval is a command of its own, and several can be asked at the same instant: the whole id tells them apart. */
function answersTo({ place: { address }, wait: { for: kind, wait_id, choices } }: Ask): Door[] {
  if (choices.length === 0) return [[`show ${address}`, 'what it asks']]
  return choices.map(({ choice, title }): Door => {
    if (kind === 'approval') return [`${choice} ${wait_id}`, title]
    return [`answer ${address} ${choice}${patchOf(choice)}`, title]
  })
}

function patchOf(choice: string): string {
  return choice === 'change' ? ' --input patch.json' : ''
}
