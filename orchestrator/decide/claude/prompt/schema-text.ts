import { isJsonObject, type Json, type JsonObject } from '../../../../shared/json.ts'
import { formatPointer } from '../../../../shared/json-pointer.ts'
import type { Tool } from '../../../model/catalogue.ts'
import { inertJson, inertLine } from './data-block.ts'

/** Deeper objects and lists are shown as what they are, without what is in them; so are choices within so many choices. */
const deepest = 4
const deepestChoices = 3

/** More types of one schema are left out. */
const mostTypes = 500

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
  return typeText(schema, placeOf(schema, marks, true))
}

/** A JSON Schema in as few words as say the same: `{name: string, seats: integer 1–100, plan?: "a" | "b"}`, one line a field. */
export function inputText(schema: Json | undefined, marks: Tool['marks']['input']): string {
  return typeText(schema, placeOf(schema, marks, false))
}

function placeOf(schema: Json | undefined, marks: Tool['marks']['input'], isOutput: boolean): Place {
  const root = isJsonObject(schema) ? schema : {}
  return { tokens: [], choices: 0, room: { types: mostTypes }, marks, root, isOutput }
}

interface Place {
  tokens: string[]
  /** Within how many choices. */
  choices: number
  /** How many more types there is room for, in the whole schema. */
  room: { types: number }
  marks: Tool['marks']['input']
  root: JsonObject
  isOutput: boolean
}

function typeText(given: Json | undefined, place: Place): string {
  place.room.types -= 1
  if (place.room.types < 0) return '…'
  const schema = resolved(given, place.root)
  if (!isJsonObject(schema)) return 'any'
  const options = schema.anyOf ?? schema.oneOf
  if (Array.isArray(options)) return optionsText(options, place)
  if (Array.isArray(schema.enum)) return choicesText(schema.enum)
  if (schema.const !== undefined) return literalText(schema.const)
  if (isJsonObject(schema.properties)) return objectText(schema, schema.properties, place)
  const { items } = schema
  if (schema.type === 'array' || items !== undefined) return listText(items, place)
  const type = inertLine([schema.type ?? 'any'].flat().join(' | '), longestName)
  return `${type}${place.isOutput ? '' : limitsText(schema)}`
}

function optionsText(options: Json[], place: Place): string {
  if (place.choices >= deepestChoices) return 'any'
  return options.map((option) => typeText(option, { ...place, choices: place.choices + 1 })).join(' | ')
}

function listText(items: Json | undefined, place: Place): string {
  if (place.tokens.length >= deepest) return 'list'
  return `list of ${typeText(items, { ...place, tokens: [...place.tokens, '*'] })}`
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

/** A schema may refer to another part of itself, and so hold itself: how far that is followed is bounded. */
function resolved(schema: Json | undefined, root: JsonObject): Json | undefined {
  if (!isJsonObject(schema) || typeof schema.$ref !== 'string') return schema
  const name = schema.$ref.split('/').at(-1) ?? ''
  const definitions = root.$defs ?? root.definitions
  return isJsonObject(definitions) ? definitions[name] : undefined
}
