import { diff } from 'node:util'
import { bad, faint, good, type Line } from './line.ts'

/** Unchanged lines that are shown around a change. */
const around = 2

/** Two texts line by line: `-` what was, `+` what is, and a little of what stayed. Nothing where they are the same. */
export function diffLines(was: string, is: string): Line[] {
  if (was === is) return []
  const changes = removedFirst(diff(is.split('\n'), was.split('\n')))
  const isNear = (index: number) =>
    changes.slice(Math.max(0, index - around), index + around + 1).some(([operation]) => operation !== 0)
  return changes.flatMap(([operation, text], index): Line[] => {
    const line = visible(text)
    if (operation === 1) return [[good(`+ ${line}`)]]
    if (operation === -1) return [[bad(`- ${line}`)]]
    if (isNear(index)) return [[faint(`  ${line}`)]]
    return index === 0 || isNear(index - 1) ? [[faint('  …')]] : []
  })
}

type Change = ReturnType<typeof diff>[number]

/** Within a change, what was comes before what is. */
function removedFirst(changes: readonly Change[]): Change[] {
  const ordered: Change[] = []
  const added: Change[] = []
  for (const change of changes) {
    if (change[0] === 1) added.push(change)
    else {
      if (change[0] === 0) ordered.push(...added.splice(0))
      ordered.push(change)
    }
  }
  return [...ordered, ...added]
}

/** Joiners and variation selectors may stay elsewhere; in a text that a person is to judge, nothing is hidden. */
function visible(text: string): string {
  return text.replace(/\p{Default_Ignorable_Code_Point}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16).padStart(4, '0')}}`
  })
}
