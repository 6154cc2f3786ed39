import { type Line, lineWidth, paragraph } from '../text/line.ts'

/** A command that can be typed next, and why. */
export type Door = [command: string, why: string]

export interface DoorOptions {
  columns: number
  /** How `remit` is typed. */
  command: string
}

/** The narrowest column in which a reason is still read. */
const narrowestWhy = 22

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
