import { diff } from 'node:util'
import { bad, faint, good, type Line } from './line.ts'

/** Unchanged lines that are shown around a change. */
const around = 2

/** Two texts line by line: `-` what was, `+` what is, and a little of what stayed. Nothing where they are the same. */
export function diffLines(was: string, is: string): Line[] {
  if (was === is) return []
  const changes = diff(is.split('\n'), was.split('\n'))
  const isNear = (index: number) =>
    changes.slice(Math.max(0, index - around), index + around + 1).some(([operation]) => operation !== 0)
  return changes.flatMap(([operation, text], index): Line[] => {
    const line = visible(text)
    if (operation === 1) return [[good(`+ ${line}`)]]
    if (operation === -1) return [[bad(`- ${line}`)]]
    if (isNear(index)) return [[faint(`  ${line}`)]]
    return isNear(index - 1) ? [[faint('  …')]] : []
  })
}

/** Joiners and variation selectors may stay elsewhere; in a text that a person is to judge, nothing is hidden. */
function visible(text: string): string {
  return text.replace(/\p{Default_Ignorable_Code_Point}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16).padStart(4, '0')}}`
  })
}
