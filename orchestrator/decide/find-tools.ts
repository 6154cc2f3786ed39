import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import type { Catalogue, Tool } from '../model/catalogue.ts'
import { wordsOf } from './words.ts'

/** A tool and how well it fits the query; higher is better, and only the order means something. */
export interface FoundTool {
  tool: Tool
  score: number
}

/** BM25: how soon a word that is repeated stops to count, and how much long texts are held against a tool. */
const saturation = 1.2
const lengthPenalty = 0.6

/** The tools that fit a query, the best first; equals by id. Words are looked for in names, facts, descriptions and fields. */
export function findTools({ tools }: Pick<Catalogue, 'tools'>, query: string, limit = 10): FoundTool[] {
  const index = indexOf(tools)
  const scores = new Map<Tool, number>()
  for (const word of new Set(wordsOf(query))) {
    const entries = index.entries.get(word) ?? []
    const rarity = Math.log(1 + (tools.size - entries.length + 0.5) / (entries.length + 0.5))
    for (const { tool, weight, length } of entries) {
      const damping = saturation * (1 - lengthPenalty + (lengthPenalty * length) / index.averageLength)
      scores.set(tool, (scores.get(tool) ?? 0) + (rarity * weight * (saturation + 1)) / (weight + damping))
    }
  }
  return [...scores]
    .map(([tool, score]) => ({ tool, score }))
    .sort((a, b) => b.score - a.score || (a.tool.id < b.tool.id ? -1 : 1))
    .slice(0, limit)
}

interface Entry {
  tool: Tool
  /** How often the word stands in the tool's texts, by the weight of each. */
  weight: number
  /** The weight of all words of the tool. */
  length: number
}

interface WordIndex {
  entries: ReadonlyMap<string, readonly Entry[]>
  averageLength: number
}

const indexes = new WeakMap<Catalogue['tools'], WordIndex>()

function indexOf(tools: Catalogue['tools']): WordIndex {
  const known = indexes.get(tools)
  if (known) return known
  const entries = new Map<string, Entry[]>()
  let total = 0
  for (const tool of tools.values()) {
    const weights = new Map<string, number>()
    let length = 0
    for (const [text, weight] of textsOf(tool)) {
      for (const word of wordsOf(text)) {
        weights.set(word, (weights.get(word) ?? 0) + weight)
        length += weight
      }
    }
    total += length
    for (const [word, weight] of weights) {
      const list = entries.get(word)
      if (list) list.push({ tool, weight, length })
      else entries.set(word, [{ tool, weight, length }])
    }
  }
  const index = { entries, averageLength: total / Math.max(1, tools.size) }
  indexes.set(tools, index)
  return index
}

/** What of a tool is searched, and how much a word there counts. */
function textsOf({ name, title, server, description, establishes, input, marks }: Tool): [string, number][] {
  const facts = [...Object.values(marks.input.facts), ...Object.values(marks.output.facts)]
  return [
    [name, 3],
    [server, 2],
    // A title mostly repeats the name.
    [title === name ? '' : title, 1],
    [description, 1],
    [establishes.join(' '), 1],
    [facts.join(' '), 0.3],
    [fieldsOf(input), 0.3],
  ]
}

function fieldsOf({ properties }: JsonObject): string {
  if (!isJsonObject(properties)) return ''
  return Object.entries(properties)
    .map(
      ([name, field]) =>
        `${name} ${isJsonObject(field) && typeof field.description === 'string' ? field.description : ''}`,
    )
    .join(' ')
}
