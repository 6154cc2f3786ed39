import { describe, expect, it } from 'vitest'
import type { Caller } from '../model/caller.ts'
import { type WantedGrant, withinOwn } from './within-own.ts'

const end = new Date('2027-01-01T00:00:00Z')
const own: Pick<Caller, 'scopes' | 'ceiling' | 'requests_per_minute' | 'expires_at'> = {
  scopes: new Set(['keys:admin', 'runs:read', 'runs:write']),
  ceiling: { goals: ['sell', 'buy'], effect: 'create', cost_usd: 2 },
  requests_per_minute: 100,
  expires_at: end,
}
const reads: WantedGrant = { scopes: ['runs:read'], ceiling: {} }

describe('what somebody may give away', () => {
  it('is all that they have, where they say no less', () => {
    expect(withinOwn(reads, own)).toEqual({
      ok: true,
      grant: { scopes: ['runs:read'], ceiling: own.ceiling, requests_per_minute: 100, expires_at: end },
    })
  })

  it('is less, where they say so', () => {
    const ceiling = { goals: ['sell'], effect: 'read', cost_usd: 0 } as const
    const soon = new Date('2026-12-01T00:00:00Z')
    expect(withinOwn({ ...reads, ceiling, requests_per_minute: 5, expires_at: soon }, own)).toEqual({
      ok: true,
      grant: { scopes: ['runs:read'], ceiling, requests_per_minute: 5, expires_at: soon },
    })
  })

  it.each<[string, Partial<WantedGrant>, string]>([
    ['a scope', { scopes: ['runs:read', 'approvals:decide'] }, '/scopes/1'],
    ['a goal', { ceiling: { goals: ['sell', 'steal'] } }, '/goals/1'],
    ['an effect', { ceiling: { effect: 'update' } }, '/effect'],
    ['money', { ceiling: { cost_usd: 3 } }, '/cost_usd'],
    ['a rate', { requests_per_minute: 101 }, '/requests_per_minute'],
    ['time', { expires_at: new Date('2027-01-01T00:00:01Z') }, '/expires_at'],
  ])('is never %s that they have not', (_, more, path) => {
    expect(withinOwn({ ...reads, ...more }, own)).toMatchObject({ ok: false, issues: [{ path }] })
  })

  it('has no limit where they have none', () => {
    const free = { scopes: own.scopes, ceiling: {}, requests_per_minute: 60_000 }
    expect(withinOwn(reads, free)).toEqual({
      ok: true,
      grant: { scopes: ['runs:read'], ceiling: {}, requests_per_minute: 600 },
    })
    const wanted = { ...reads, ceiling: { effect: 'delete', cost_usd: 99, goals: ['any'] } as const }
    expect(withinOwn(wanted, free)).toMatchObject({ ok: true, grant: { ceiling: wanted.ceiling } })
  })
})
