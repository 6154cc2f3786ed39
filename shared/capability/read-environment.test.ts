import { describe, expect, it } from 'vitest'
import { fixtureEnvironment, server } from '../../test/support/fixture-server.ts'
import { EnvironmentError, readEnvironment } from './read-environment.ts'

describe('readEnvironment', () => {
  it('gives what the server declares and nothing else', () => {
    expect(readEnvironment(server, { ...fixtureEnvironment, HOME: '/root' })).toEqual(fixtureEnvironment)
  })

  it('names every variable that is missing, with its purpose, and takes an empty one as missing', () => {
    const read = () => readEnvironment(server, { FIXTURE_TOKEN: '' })
    expect(read).toThrow(EnvironmentError)
    expect(read).toThrow(/FIXTURE_URL: is not set \(where things live\)/)
    expect(read).toThrow(/FIXTURE_TOKEN: is not set \(token of the thing store\)/)
  })

  it('says what a value should be without showing it', () => {
    const read = () => readEnvironment(server, { ...fixtureEnvironment, FIXTURE_TOKEN: 'hunter2' })
    expect(read).toThrow(/FIXTURE_TOKEN: .*tok_/)
    expect(read).not.toThrow(/hunter2/)
  })
})
