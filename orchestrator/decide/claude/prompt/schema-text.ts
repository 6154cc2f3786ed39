import { isJsonObject, type Json, type JsonObject } from '../../../../shared/json.ts'
import { formatPointer } from '../../../../shared/json-pointer.ts'
import type { Tool } from '../../../model/catalogue.ts'
import { inertJson, inertLine } from './data-block.ts'

/** Deeper objects are shown as what they are, without their fields. */
const deepest = 4

/** A longer pattern says more to machines than to readers; the runtime checks it in any case. */
const longestPattern = 60

/** A longer description of a field is cut. */
const longestNote = 160

/** Longer names and literals are cut, and no more choices are shown. */
const longestName = 100
const longestLiteral = 200
const mostChoices = 50

/** The schema of an output: what can be referred to, and of what type; its limits are the tool's own business. */
export function outputText(schema: Json | undefined, marks: Tool['marks']['output']): string {
  return typeText(schema, { tokens: [], marks, root: isJsonObject(schema) ? schema : {}, isOutput: true })
}

/** A JSON Schema in as few words as say the same: `{name: string, seats: integer 1–100, plan?: "a" | "b"}`, one line a field. */
export function inputText(schema: Json | undefined, marks: Tool['marks']['input']): string {
  return typeText(schema, { tokens: [], marks, root: isJsonObject(schema) ? schema : {}, isOutput: false })
}

interface Place {
  tokens: string[]
  marks: Tool['marks']['input']
  root: JsonObject
  isOutput: boolean
}

function typeText(given: Json | undefined, place: Place): string {
  const schema = resolved(given, place.root)
  if (!isJsonObject(schema)) return 'any'
  const options = schema.anyOf ?? schema.oneOf
  if (Array.isArray(options)) return options.map((option) => typeText(option, place)).join(' | ')
  if (Array.isArray(schema.enum)) return choicesText(schema.enum)
  if (schema.const !== undefined) return literalText(schema.const)
  if (isJsonObject(schema.properties)) return objectText(schema, schema.properties, place)
  const { items } = schema
  if (schema.type === 'array' || items !== undefined)
    return `list of ${typeText(items, { ...place, tokens: [...place.tokens, '*'] })}`
  const type = inertLine([schema.type ?? 'any'].flat().join(' | '), longestName)
  return `${type}${place.isOutput ? '' : limitsText(schema)}`
}

function choicesText(choices: Json[]): string {
  const more = choices.length - mostChoices
  const shown = choices.slice(0, mostChoices).map(literalText)
  return [...shown, ...(more > 0 ? [`… (${more} more)`] : [])].join(' | ')
}

function literalText(value: Json): string {
  return inertJson(value).slice(0, longestLiteral).toWellFormed()
}

/** A name that is not made of ordinary letters is shown as the text that it is. */
function nameText(name: string): string {
  return /^[\w.$@:-]{1,100}$/.test(name) ? name : inertJson(name.slice(0, longestName))
}

function objectText(schema: JsonObject, properties: JsonObject, place: Place): string {
  if (place.tokens.length >= deepest) return 'object'
  const required = Array.isArray(schema.required) ? schema.required : []
  const indent = '  '.repeat(place.tokens.length + 1)
  const fields = Object.entries(properties).map(([name, property]) => {
    const tokens = [...place.tokens, name]
    const type = typeText(property, { ...place, tokens })
    return `${indent}${nameText(name)}${required.includes(name) ? '' : '?'}: ${type}${notes(property, tokens, place)}`
  })
  return fields.length === 0 ? '{}' : `{\n${fields.join('\n')}\n${indent.slice(2)}}`
}

function notes(property: Json | undefined, tokens: string[], { marks, isOutput }: Place): string {
  const pointer = formatPointer(tokens)
  const fact = marks.facts[pointer]
  const marked = [
    ...(fact === undefined ? [] : [fact]),
    ...(marks.sensitive.includes(pointer) ? ['sealed'] : []),
    ...(marks.destinations.includes(pointer) ? ['destination'] : []),
  ]
  const said = isJsonObject(property) && !isOutput ? property.description : undefined
  const description = typeof said === 'string' ? inertLine(said, longestNote) : ''
  return `${marked.length === 0 ? '' : ` [${marked.join(', ')}]`}${description === '' ? '' : `  ${description}`}`
}

function limitsText({ minimum, maximum, format, pattern, default: preset }: JsonObject): string {
  const most = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  const least = typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined
  const range = least === undefined && most === undefined ? '' : ` ${least ?? ''}–${most ?? ''}`
  return [
    range,
    typeof format === 'string' ? ` (${inertLine(format, longestName)})` : '',
    typeof pattern === 'string' && pattern.length <= longestPattern ? ` /${inertLine(pattern, longestPattern)}/` : '',
    preset === undefined ? '' : ` = ${literalText(preset)}`,
  ].join('')
}

/** A schema may refer to another part of itself; one that holds itself is not followed for ever, for depth is bounded. */
function resolved(schema: Json | undefined, root: JsonObject): Json | undefined {
  if (!isJsonObject(schema) || typeof schema.$ref !== 'string') return schema
  const name = schema.$ref.split('/').at(-1) ?? ''
  const definitions = root.$defs ?? root.definitions
  return isJsonObject(definitions) ? definitions[name] : undefined
}
