import { readFile } from 'node:fs/promises'
import { isJsonObject, type Json } from '../../shared/json.ts'
import { parsePointer } from '../../shared/json-pointer.ts'
import { type Goal, goalSchema } from '../model/goal.ts'
import { inputProperties } from '../model/input-facts.ts'
import { parseTextTemplate, TextTemplateError } from '../model/text-template.ts'
import { parseYaml, type YamlFault } from '../parse-yaml.ts'
import { inputCompiler } from './validate-input.ts'

/** Reads a goal file. Throws a `YamlError`, or what reading the file throws. */
export async function loadGoal(file: string): Promise<Goal> {
  return parseGoal(await readFile(file, 'utf8'), file)
}

/** The goal that a YAML text describes; `file` is what errors call it. Throws a `YamlError`. */
export function parseGoal(text: string, file: string): Goal {
  return parseYaml(text, file, { what: 'goal', schema: goalSchema, check: checkGoal })
}

/** What the shape alone does not tell: an input schema that is none, facts given twice, templates that cannot be read. */
function checkGoal(goal: Goal): YamlFault[] {
  return [
    ...checkInputSchema(goal),
    ...checkOutcomes(goal),
    ...checkTemplates(goal.arguments, ['arguments']),
    ...checkTemplates(goal.on_trouble?.arguments ?? {}, ['on_trouble', 'arguments']),
  ]
}

function checkInputSchema({ input }: Goal): YamlFault[] {
  const faults: YamlFault[] = []
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

function checkOutcomes({ outcomes }: Goal): YamlFault[] {
  return outcomes.flatMap(({ fact }, index) =>
    outcomes.findIndex((other) => other.fact === fact) < index
      ? [{ at: ['outcomes', index, 'fact'], message: `${fact} is an outcome already: name each once` }]
      : [],
  )
}

/** Checks `{"$fact": …}` and `{"$text": …}` wherever they stand; other keys with a `$` are mistakes. */
function checkTemplates(value: Json, at: (string | number)[]): YamlFault[] {
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
