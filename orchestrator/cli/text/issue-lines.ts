import type { Issue } from '../../../shared/failure.ts'
import { block, type Line, name, paragraph } from './line.ts'

/** Paths up to this wide share a column; longer ones get a line of their own. */
const widestColumn = 28

/** Faults with the path of each. */
export function issueLines(issues: readonly Issue[], columns: number): Line[] {
  const short = issues.map(({ path }) => path.length).filter((length) => length <= widestColumn)
  const width = Math.max(0, ...short)
  return issues.flatMap(({ path, message }) =>
    path.length > widestColumn
      ? [['  ', name(path)], ...block(['    '], message, columns)]
      : paragraph(['  ', name((path || '/').padEnd(width)), '  '], message, columns),
  )
}
