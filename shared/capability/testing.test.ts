import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fixtureEnvironment as environment, server } from '../../test/support/fixture-server.ts'
import { startServerForTest } from './testing.ts'

describe('startServerForTest', () => {
  it.each(['modern', 'legacy'] as const)(
    'calls a tool through the %s protocol with a key and a deadline',
    async (era) => {
      const test = await startServerForTest(server, { environment, era })
      const options = { idempotencyKey: 'k', deadline: new Date(Date.now() + 5_000) }
      expect(await test.call('create_thing', { name: 'ab' }, options)).toMatchObject({
        status: 'succeeded',
        output: { thing_id: 'thing_ab', key: 'k', call: 'test-call' },
      })
      expect(await test.call('find_thing', { name: 'zz' })).toMatchObject({
        status: 'failed',
        failure: { kind: 'not_found' },
      })
      await test.close()
    },
  )

  it('gives a call that its signal cut off as uncertain', async () => {
    const test = await startServerForTest(server, { environment })
    const outcome = await test.call('create_thing', { name: 'ab', ending: 'hang' }, { signal: AbortSignal.timeout(50) })
    expect(outcome.status).toBe('uncertain')
    await test.close()
  })

  it('throws on a tool that does not exist, which is the test’s own mistake', async () => {
    const test = await startServerForTest(server, { environment })
    await expect(test.call('no_thing', {})).rejects.toThrow(/no_thing/)
    await test.close()
  })

  it('removes the folder that it made, and refuses an environment as the process would', async () => {
    const test = await startServerForTest(server, { environment })
    expect(existsSync(test.dataFolder)).toBe(true)
    await test.close()
    expect(existsSync(test.dataFolder)).toBe(false)
    await expect(startServerForTest(server)).rejects.toThrow(/FIXTURE_URL: is not set/)
  })
})
