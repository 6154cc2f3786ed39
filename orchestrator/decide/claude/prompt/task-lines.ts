import type { Failure } from '../../../../shared/failure.ts'
import type { Catalogue } from '../../../model/catalogue.ts'
import { itemsOf } from '../../../model/fan-out.ts'
import type { Situation, TaskState } from '../../../model/situation.ts'
import { dataBlock } from './data-block.ts'
import { showValue } from './show-value.ts'

/** Letters that tasks may take in a prompt, whatever the length of the run, and of those the ones that have not ended well. */
const mostLetters = 24_000
const mostOfOpen = 16_000

/** Of tasks that have not ended well, at most so many are shown one by one, the latest; the others are counted. */
const mostOpen = 40

/** Letters that the ids of tasks may take that are only counted. */
const mostOfIds = 5_000

/**
 * The tasks of a run, for the one who decides: what failed and what is still to come one by one, then what succeeded, the
 * latest first, with outputs as long as there is room. Settled work before that becomes one line for each tool, with the ids
 * by which it can still be referred to.
 */
export function taskLines(situation: Situation, catalogue: Catalogue): string[] {
  const tasks = [...situation.tasks.values()].filter(({ item_of }) => item_of === undefined)
  const done = tasks.filter(({ status }) => status === 'succeeded')
  const open = tasks.filter(({ status }) => status !== 'succeeded')
  const openShown = latestOf(open.slice(-mostOpen), mostOfOpen, (task) => lineOf(task, situation, catalogue))
  const openLines = [...summaries(open.slice(0, open.length - openShown.length)), ...openShown]
  const room = mostLetters - openLines.join('\n').length
  const shown = latestOf(done, room, (task) => lineOf(task, situation, catalogue))
  return [...summaries(done.slice(0, done.length - shown.length)), ...shown, ...openLines]
}

/** What is said of the latest tasks, in their order, of as many as there is room for. */
function latestOf(tasks: readonly TaskState[], letters: number, line: (task: TaskState) => string): string[] {
  const lines: string[] = []
  let room = letters
  for (const task of tasks.toReversed()) {
    const next = line(task)
    room -= next.length + 1
    if (room < 0) break
    lines.unshift(next)
  }
  return lines
}

function lineOf(task: TaskState, situation: Situation, catalogue: Catalogue): string {
  const { id, tool, status, output, failure } = task
  const head = `- ${id} (${tool}): ${status}`
  if (task.for_each) return `${head}${listText(task, situation)}`
  if (status === 'succeeded' && output !== undefined) {
    const facts = Object.keys((catalogue.tools.get(tool) ?? situation.tools[tool])?.marks.output.facts ?? {})
    const { value, isPartial } = showValue(output, facts)
    const note = isPartial ? ' (partly shown; all of it can be referred to)' : ''
    return `${head}, output /tasks/${id}/output${note} ${dataBlock(`tool:${tool}`, value)}`
  }
  return `${head}${failure ? failureText(failure, tool) : ''}, as planned: ${planText(task)}`
}

/** More of a task's arguments is not repeated. */
const longestPlan = 800

/** What a plan said of a task: to change it, or to plan it again, one has to know. */
function planText({ arguments: args, after }: TaskState): string {
  const shown = showValue(args, []).value
  const names = Object.keys(args).slice(0, 20)
  const text = JSON.stringify(shown).length > longestPlan ? names.map((name) => name.slice(0, 60)) : shown
  return dataBlock('an earlier plan', { arguments: text, ...(after.length === 0 ? {} : { after }) })
}

/** The words of a failure are a tool's, or quote one. */
function failureText({ kind, message, issues = [] }: Failure, tool: string): string {
  const faults = issues.slice(0, 5).map(({ path, message: what }) => `${path}: ${what}`)
  const { value } = showValue([message, ...faults].join('; ').slice(0, 600), [])
  return `, ${kind} ${dataBlock(`tool:${tool}`, typeof value === 'string' ? value : message.slice(0, 600))}`
}

/** What became of the items of a list: how many of each, and the first that failed. */
function listText(task: TaskState, situation: Situation): string {
  const items = itemsOf(situation, task)
  if (items.length === 0) return ''
  const lost = items.filter(({ status }) => status === 'failed' || status === 'refused')
  const first = lost.slice(0, 5).map(({ id, tool, failure }) => `${id}${failure ? failureText(failure, tool) : ''}`)
  const ended = items.filter(({ status }) => status === 'succeeded').length
  return `, ${items.length} items, ${ended} succeeded, ${lost.length} failed${first.length === 0 ? '' : `: ${first.join('; ')}`}`
}

/** Tools of which no line of their own is left are counted together. */
const mostSummaries = 40

/** One line for each tool and status: how many, and their ids as far as there is room. */
function summaries(tasks: readonly TaskState[]): string[] {
  const groups = [...Map.groupBy(tasks, ({ tool, status }) => `${tool}: ${status}`)]
  const others = groups.slice(mostSummaries).reduce((sum, [, group]) => sum + group.length, 0)
  const room = mostOfIds / Math.min(groups.length, mostSummaries)
  const lines = groups.slice(0, mostSummaries).map(([what, group]) => {
    const ids = latestOf(group, room, ({ id }) => id)
    const more = group.length - ids.length
    return `- ${what}, ${group.length} tasks: ${more > 0 ? `${more} more, ` : ''}${ids.join(', ')}`
  })
  return others === 0 ? lines : [...lines, `- other tools, ${others} tasks`]
}
