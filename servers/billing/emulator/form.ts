import { invalidParameter } from './stripe-rejection.ts'

/** Decoded parameters: all scalars are strings, as on the wire. */
export type FormValue = string | FormValue[] | { [name: string]: FormValue }
export type Form = { [name: string]: FormValue }

const maxDepth = 6
const forbidden = new Set(['__proto__', 'constructor', 'prototype'])

/** Decodes Stripe's nested form encoding: `items[0][price]=p`, `expand[]=a`, `metadata[k]=v`. */
export function decodeForm(text: string): Form {
  const root: Branch = new Map()
  for (const [name, value] of new URLSearchParams(text)) insert(root, segmentsOf(name), value, name)
  return Object.fromEntries([...root].map(([name, child]) => [name, unfold(child)]))
}

type Branch = Map<string, Branch | string>

/** `items[0][price]` → `items`, `0`, `price`. */
function segmentsOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name)
  const segments = match
    ? [match[1] ?? '', ...[...(match[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map((m) => m[1] ?? '')]
    : []
  if (segments.length === 0 || segments.length > maxDepth || segments.some((segment) => forbidden.has(segment))) {
    throw invalidParameter(name, `Invalid parameter name: ${name}`)
  }
  return segments
}

function insert(root: Branch, segments: string[], value: string, name: string): void {
  let branch = root
  for (const [index, segment] of segments.entries()) {
    const key = segment === '' ? String(branch.size) : segment
    const existing = branch.get(key)
    if (index === segments.length - 1) {
      if (existing instanceof Map) throw invalidParameter(name, `Invalid parameter: ${name} is a value and an object`)
      branch.set(key, value)
      return
    }
    if (typeof existing === 'string')
      throw invalidParameter(name, `Invalid parameter: ${name} is a value and an object`)
    const next: Branch = existing ?? new Map()
    branch.set(key, next)
    branch = next
  }
}

/** A branch whose names are 0, 1, 2 … is a list. */
function unfold(node: Branch | string): FormValue {
  if (typeof node === 'string') return node
  const names = [...node.keys()]
  if (names.every((name, index) => name === String(index))) return [...node.values()].map(unfold)
  return Object.fromEntries([...node].map(([name, child]) => [name, unfold(child)]))
}
