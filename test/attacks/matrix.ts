import { attackWords, bombWords, networkWords } from './attack-list.ts'

/** Attack → whether it was held, of one driver. */
export type Column = Record<string, boolean>

const [begin, end] = ['<!-- matrix: written by test/attacks -->', '<!-- end of matrix -->']

/** The table of the reference: a row an attack, a column a driver. */
export function matrixText(columns: ReadonlyMap<string, Column>): string {
  const drivers = [...columns.keys()]
  const rows = Object.entries({ ...attackWords, ...networkWords, ...bombWords }).map(([attack, words]) => {
    const cells = drivers.map((driver) => (columns.get(driver)?.[attack] ? 'held' : '**gets through**'))
    return `| ${[words, ...cells].join(' | ')} |`
  })
  const head = [`| a server tries to | ${drivers.join(' | ')} |`, `| --- |${' --- |'.repeat(drivers.length)}`]
  return [begin, '', ...head, ...rows, '', end].join('\n')
}

/** The page with another table; the page itself where it has no place for one. */
export function withMatrix(page: string, matrix: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  return from < 0 || to < from ? page : `${page.slice(0, from)}${matrix}${page.slice(to + end.length)}`
}
