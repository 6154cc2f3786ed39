import { describe, expect, test } from 'vitest'
import { CapabilityError, UncertainError } from '../failure.ts'
import { CommitUnknownError, ConnectionEndedError } from '../postgres/postgres-errors.ts'
import { onPostgres, postgresFailure } from './postgres-failure.ts'

const reading = { database: 'The database', effect: false }
const writing = { database: 'The database', effect: true }

function errorWith(code: string, name = 'Error'): Error {
  return Object.assign(new Error('the secret text of a row'), { code, name })
}

describe('an error of Postgres', () => {
  test.each([
    ['42501', 'unauthorized'],
    ['28P01', 'unauthorized'],
    ['53300', 'unavailable'],
    ['40001', 'unavailable'],
    ['55P03', 'unavailable'],
    ['57P03', 'unavailable'],
    ['22021', 'invalid_input'],
    ['23514', 'internal'],
    ['42P01', 'internal'],
  ])('with SQLSTATE %s is the failure %s', (code, kind) => {
    const failure = postgresFailure(errorWith(code, 'PostgresError'), writing)
    expect(failure).toBeInstanceOf(CapabilityError)
    expect(failure).toMatchObject({ failure: { kind, vendor_code: code } })
  })

  test('keeps its own text out of the failure', () => {
    const failure = postgresFailure(errorWith('23514', 'PostgresError'), writing)
    expect(JSON.stringify(failure)).not.toContain('secret')
    expect(String(failure)).not.toContain('secret')
  })
})

describe('a connection', () => {
  test('that never came to be is unavailable, even where there was an effect to have', () => {
    const failure = postgresFailure(errorWith('ECONNREFUSED'), writing)
    expect(failure).toBeInstanceOf(CapabilityError)
    expect(failure).toMatchObject({ failure: { kind: 'unavailable' } })
  })

  test.each([
    ['CONNECTION_CLOSED', 'Error'],
    ['ECONNRESET', 'Error'],
    ['EPIPE', 'Error'],
    ['57P01', 'PostgresError'],
  ])('lost with %s is uncertain after an effect and unavailable after a read', (code, name) => {
    expect(postgresFailure(errorWith(code, name), writing)).toBeInstanceOf(UncertainError)
    expect(postgresFailure(errorWith(code, name), reading)).toBeInstanceOf(CapabilityError)
  })
})

describe('a transaction', () => {
  const reset = errorWith('ECONNRESET')

  test('that was surely not stored is unavailable, even where there was an effect to have', () => {
    const failure = postgresFailure(new ConnectionEndedError(reset), writing)
    expect(failure).toBeInstanceOf(CapabilityError)
    expect(failure).toMatchObject({ failure: { kind: 'unavailable', vendor_code: 'ECONNRESET' } })
  })

  test('whose COMMIT nobody answered is uncertain', () => {
    const failure = postgresFailure(new CommitUnknownError(reset), writing)
    expect(failure).toBeInstanceOf(UncertainError)
    expect(failure).toMatchObject({ failure: { kind: 'unavailable', vendor_code: 'ECONNRESET' } })
  })
})

test('lets everything that is not of Postgres pass unchanged', async () => {
  const own = new CapabilityError('conflict', 'taken')
  await expect(onPostgres(writing, () => Promise.reject(own))).rejects.toBe(own)
  const defect = new TypeError('x is undefined')
  await expect(onPostgres(writing, () => Promise.reject(defect))).rejects.toBe(defect)
})
