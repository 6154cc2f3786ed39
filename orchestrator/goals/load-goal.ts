import { readFile } from 'node:fs/promises'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { Issue } from '../../shared/failure.ts'
import { isJsonObject, type Json } from '../../shared/json.ts'
import { formatPointer, parsePointer } from '../../shared/json-pointer.ts'
import { nearestName } from '../../shared/nearest-name.ts'
import { type Goal, goalSchema } from '../model/goal.ts'
import { inputProperties } from '../model/input-facts.ts'
import { parseTextTemplate, TextTemplateError } from '../model/text-template.ts'
import { inputCompiler } from './validate-input.ts'

/** A goal file that is refused: every fault with its line, its column and its path. */
export class GoalError extends Error {
  readonly issues: (Issue & { line: number; column: number })[]

  constructor(file: string, issues: (Issue & { line: number; column: number })[]) {
    const lines = issues.map(({ line, column, path, message }) =>
      [`  ${file}:${line}:${column}`, path, message].filter((part) => part !== '').join(' '),
    )
    super(`The goal is refused:\n${lines.join('\n')}`)
    this.name = 'GoalError'
    this.issues = issues
  }
}

/** Reads a goal file. Throws a {@link GoalError}, or what reading the file throws. */
export async function loadGoal(file: string): Promise<Goal> {
  return parseGoal(await readFile(file, 'utf8'), file)
}

/** The goal that a YAML text describes; `file` is what errors call it. Throws a {@link GoalError}. */
export function parseGoal(text: string, file: string): Goal {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const locate = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  if (document.errors.length > 0) {
    const issues = document.errors.map(({ message, pos }) => ({
      path: '',
      message: message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message,
      ...locate(pos[0]),
    }))
    throw new GoalError(file, issues)
  }
  const refuse = (faults: readonly Fault[]): never => {
    const issues = faults.map(({ at, message }) => ({ path: formatPointer(at), message, ...locate(offsetOf(at)) }))
    throw new GoalError(file, issues)
  }
  /** Where the value stands, or the closest thing around it. */
  const offsetOf = (at: readonly (string | number)[]): number => {
    for (let length = at.length; length > 0; length--) {
      const node = document.getIn(at.slice(0, length), true)
      if (isNode(node) && node.range) return node.range[0]
    }
    return 0
  }

  const parsed = goalSchema.safeParse(document.toJS())
  if (!parsed.success) {
    return refuse(
      parsed.error.issues.flatMap((issue): Fault[] => {
        const at = issue.path.map((token) => (typeof token === 'number' ? token : String(token)))
        if (issue.code !== 'unrecognized_keys') return [{ at, message: issue.message }]
        return issue.keys.map((key) => ({ at: [...at, key], message: `is not known here${didYouMean(key, at)}` }))
      }),
    )
  }
  const faults = checkGoal(parsed.data)
  return faults.length > 0 ? refuse(faults) : parsed.data
}

interface Fault {
  at: (string | number)[]
  message: string
}

const outcomeKeys = ['fact', 'on_failure', 'existing']

function didYouMean(key: string, at: readonly (string | number)[]): string {
  const near = nearestName(key, at[0] === 'outcomes' ? outcomeKeys : Object.keys(goalSchema.shape))
  return near === undefined ? '' : `; did you mean ${near}?`
}

/** What the shape alone does not tell: an input schema that is none, facts given twice, templates that cannot be read. */
function checkGoal(goal: Goal): Fault[] {
  return [
    ...checkInputSchema(goal),
    ...checkOutcomes(goal),
    ...checkTemplates(goal.arguments, ['arguments']),
    ...checkTemplates(goal.on_trouble?.arguments ?? {}, ['on_trouble', 'arguments']),
  ]
}

function checkInputSchema({ input }: Goal): Fault[] {
  const faults: Fault[] = []
  if (input.type !== 'object')
    faults.push({ at: ['input', 'type'], message: 'must be object: an input is a JSON object' })
  try {
    inputCompiler().compile(input)
  } catch (error) {
    faults.push({
      at: ['input'],
      message: `is not a JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
    })
  }
  const seen = new Map<string, string>()
  for (const { pointer, fact } of inputProperties(input)) {
    if (fact === undefined) continue
    const at = [
      'input',
      ...pointer
        .slice(1)
        .split('/')
        .flatMap((name) => ['properties', name]),
      'fact',
    ]
    const first = seen.get(fact)
    if (first !== undefined) faults.push({ at, message: `${fact} is given by ${first} already: one property a fact` })
    seen.set(fact, pointer)
  }
  return faults
}

function checkOutcomes({ outcomes }: Goal): Fault[] {
  return outcomes.flatMap(({ fact }, index) =>
    outcomes.findIndex((other) => other.fact === fact) < index
      ? [{ at: ['outcomes', index, 'fact'], message: `${fact} is an outcome already: name each once` }]
      : [],
  )
}

/** Checks `{"$fact": …}` and `{"$text": …}` wherever they stand; other keys with a `$` are mistakes. */
function checkTemplates(value: Json, at: (string | number)[]): Fault[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => checkTemplates(item, [...at, index]))
  if (!isJsonObject(value)) return []
  const special = Object.keys(value).filter((key) => key.startsWith('$'))
  if (special.length === 0) return Object.entries(value).flatMap(([key, item]) => checkTemplates(item, [...at, key]))
  const [key = ''] = special
  const content = value[key]
  const known = key === '$text' || key === '$fact' || key === '$item'
  if (Object.keys(value).length > 1 || !known || typeof content !== 'string') {
    return [
      {
        at: [...at, key],
        message: 'must be {$fact: some.fact}, {$text: "… {some.fact} …"} or {$item: /pointer}, and nothing beside it',
      },
    ]
  }
  try {
    if (key === '$item') parsePointer(content)
    parseTextTemplate(key === '$fact' ? `{${content}}` : content)
    return []
  } catch (error) {
    if (error instanceof SyntaxError) return [{ at: [...at, key], message: error.message }]
    if (!(error instanceof TextTemplateError)) throw error
    return [{ at: [...at, key], message: `character ${error.column}: ${error.message}` }]
  }
}
