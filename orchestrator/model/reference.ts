import type { Issue } from '../../shared/failure.ts'
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer, getAt, parsePointer } from '../../shared/json-pointer.ts'
import type { Origin, Provenance } from './call.ts'
import { holdsSealed, isReference, isSealed, isText, leavesOf, type Value } from './value.ts'

/** What references may point into: the run's input, and the output of each task that has succeeded. */
export interface Scope {
  input: JsonObject
  /** Where the value at a pointer into the input came from. */
  inputOrigins(pointer: string): Origin[]
  tasks: { get(id: string): { tool: string; output: Json } | undefined }
  /** Where a literal that stands in the plan itself came from. */
  literalOrigin(literal: Json): Origin
}

/** Resolved arguments with the origin of every leaf, or every reference that did not resolve, by its path. */
export type Resolution = { ok: true; value: JsonObject; provenance: Provenance } | { ok: false; issues: Issue[] }

/** What a reference points to; `originsOf` says where the leaf at a pointer below it came from. */
interface Found {
  value: Json
  originsOf(leaf: string): Origin[]
}

/** An empty list or object has no leaf, and came from somewhere all the same. */
function allOriginsOf({ value, originsOf }: Found): Origin[] {
  const leaves = leavesOf(value)
  return leaves.length === 0 ? originsOf('') : leaves.flatMap(originsOf)
}

/** Every reference in a value, with the path at which it stands. */
export function referencesIn(value: Value): { path: string; ref: string }[] {
  const found: { path: string; ref: string }[] = []
  const visit = (node: Json, tokens: (string | number)[]): void => {
    if (isReference(node)) found.push({ path: formatPointer(tokens), ref: node.$ref })
    else if (Array.isArray(node)) for (const [index, item] of node.entries()) visit(item, [...tokens, index])
    else if (isJsonObject(node)) for (const [key, item] of Object.entries(node)) visit(item, [...tokens, key])
  }
  visit(value, [])
  return found
}

/** The id of the task whose output a reference points into, or undefined where it points into the input. */
export function taskOf(ref: string): string | undefined {
  const [root, id] = parsePointer(ref)
  return root === 'tasks' ? id : undefined
}

/** Puts values in the place of all references and texts, and says of every leaf where it came from. */
export function resolve(args: Record<string, Value>, scope: Scope): Resolution {
  const provenance: Provenance = {}
  const issues: Issue[] = []

  const look = (ref: string, path: string): Found | undefined => {
    const [root, id, part, ...rest] = parsePointer(ref)
    if (root === 'input') {
      const pointer = ref.slice('/input'.length)
      const value = getAt(scope.input, pointer)
      if (value !== undefined) return { value, originsOf: (leaf) => scope.inputOrigins(`${pointer}${leaf}`) }
      issues.push({ path, message: `${ref} does not resolve: the input has no such value` })
      return undefined
    }
    const task = root === 'tasks' && id !== undefined && part === 'output' ? scope.tasks.get(id) : undefined
    const value = task && getAt(task.output, formatPointer(rest))
    if (task && value !== undefined) return { value, originsOf: () => [`tool:${task.tool}`] }
    issues.push({
      path,
      message: task
        ? `${ref} does not resolve: the output of ${task.tool} has no such value`
        : `${ref} does not resolve: it must start with /input/ or /tasks/<id>/output of a task that has succeeded`,
    })
    return undefined
  }

  const mark = ({ value, originsOf }: Found, tokens: (string | number)[]): void => {
    const at = formatPointer(tokens)
    for (const leaf of leavesOf(value)) provenance[`${at}${leaf}`] = originsOf(leaf)
  }

  const visit = (node: Json, tokens: (string | number)[]): Json => {
    const path = formatPointer(tokens)
    if (isReference(node)) {
      const found = look(node.$ref, path)
      if (!found) return null
      mark(found, tokens)
      return found.value
    }
    if (isText(node)) {
      const origins = new Set<Origin>()
      const parts = node.$text.map((part) => {
        if (typeof part === 'string') {
          origins.add(scope.literalOrigin(part))
          return part
        }
        const found = look(part.$ref, path)
        if (!found) return ''
        if (holdsSealed(found.value)) {
          issues.push({ path, message: `${part.$ref} is sensitive and cannot become part of a text` })
          return ''
        }
        for (const origin of allOriginsOf(found)) origins.add(origin)
        return typeof found.value === 'string' ? found.value : JSON.stringify(found.value)
      })
      provenance[path] = [...origins].sort()
      return parts.join('')
    }
    if (Array.isArray(node)) return node.map((item, index) => visit(item, [...tokens, index]))
    if (isJsonObject(node) && !isSealed(node))
      return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, visit(item, [...tokens, key])]))
    provenance[path] = [scope.literalOrigin(node)]
    return node
  }

  const value = Object.fromEntries(Object.entries(args).map(([key, item]) => [key, visit(item, [key])]))
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value, provenance }
}
