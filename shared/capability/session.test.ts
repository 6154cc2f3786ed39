import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineServer } from './define-server.ts'
import { openSession } from './session.ts'

/** A server whose vendor can be told to refuse, and that counts what happens to its client. */
const counted = () => {
  const seen = { connected: 0, disconnected: 0, refuse: false }
  const server = defineServer({
    name: 'counted',
    title: 'Counted',
    version: '1.0.0',
    description: 'Counts.',
    instructions: 'Counts.',
    environment: z.object({ URL: z.string() }),
    async connect({ environment, dataFolder }) {
      seen.connected += 1
      if (seen.refuse) throw new Error('refused')
      return { url: environment.URL, dataFolder }
    },
    disconnect() {
      seen.disconnected += 1
    },
    tools: [],
  })
  return { seen, session: openSession(server, { URL: 'x' }, '/data') }
}

describe('openSession', () => {
  it('connects once for everybody, and not before somebody asks', async () => {
    const { seen, session } = counted()
    expect(seen.connected).toBe(0)
    const [one, other] = await Promise.all([session.client(), session.client()])
    expect(one).toEqual({ url: 'x', dataFolder: '/data' })
    expect(other).toBe(one)
    expect(seen.connected).toBe(1)
  })

  it('tries again after a refusal', async () => {
    const { seen, session } = counted()
    seen.refuse = true
    await expect(session.client()).rejects.toThrow('refused')
    seen.refuse = false
    await expect(session.client()).resolves.toBeDefined()
  })

  it('disconnects what was connected, once, and nothing otherwise', async () => {
    const { seen, session } = counted()
    await session.close()
    expect(seen.disconnected).toBe(0)
    await session.client()
    await session.close()
    await session.close()
    expect(seen.disconnected).toBe(1)
  })
})
