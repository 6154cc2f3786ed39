import type { Idempotency } from '../../../shared/manifest.ts'

/** What a system is like to those who call it. */
export interface Traits {
  effect: 'create' | 'update'
  idempotency: Idempotency
  /** What its undo asks for: the id that the call returned, or the label that it was given. */
  undo?: 'by_id' | 'by_label'
  lookup?: boolean
  /** Whether a thing can turn out badly, which its tool's `expect` finds out. */
  expect?: boolean
  /** Whether a repeat of what was removed since is refused, instead of making it anew. */
  remembersRemoval?: boolean
}

/** One system of each kind that a run may meet: every way to repeat, to undo and to look up. */
export const houses = {
  registry: { effect: 'create', idempotency: 'natural', undo: 'by_id', remembersRemoval: true },
  site: { effect: 'create', idempotency: 'natural', undo: 'by_id', lookup: true, expect: true },
  domain: { effect: 'create', idempotency: 'natural', undo: 'by_label' },
  bank: { effect: 'create', idempotency: { keyed: '60s' }, undo: 'by_id', lookup: true, expect: true },
  club: { effect: 'create', idempotency: { keyed: '20s' }, undo: 'by_id' },
  board: { effect: 'create', idempotency: 'none', undo: 'by_id', lookup: true },
  mail: { effect: 'create', idempotency: 'none', lookup: true },
  siren: { effect: 'create', idempotency: 'none' },
  quota: { effect: 'update', idempotency: 'natural', undo: 'by_label' },
} as const satisfies Record<string, Traits>

export type House = keyof typeof houses
export const houseNames = Object.keys(houses) as House[]
