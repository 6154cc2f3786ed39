import { describe, expect, test } from 'vitest'
import { serverStatus } from '../../test/support/server-status.ts'
import type { ServerStatus } from '../model/server-status.ts'
import { workshop } from './fixtures/workshop-tools.ts'
import type { LoginInUse } from './oauth/open-logins.ts'
import { credentialBearer } from './remote/credential-bearer.ts'
import type { Upstream } from './upstream.ts'
import { openUpstreams } from './upstreams.ts'

const server = workshop('workshop', ['node'])

const resting = serverStatus('workshop', { state: 'idle', ends: 1 })

class FakeUpstream implements Upstream {
  isClosed = false
  /** Until the calls that are under way have settled. */
  settled: Promise<void> | undefined
  shown: ServerStatus = resting
  start = async () => undefined
  call = () => Promise.reject(new Error('nothing is called here'))
  list = () => Promise.reject(new Error('nothing is listed here'))
  tell = () => Promise.reject(new Error('nothing is told here'))
  content = () => Promise.reject(new Error('nothing is shown here'))
  status = () => this.shown
  async retire() {
    if (this.settled) await this.settled
    await this.close()
  }
  async close() {
    this.isClosed = true
  }
}

const login = (principal: string, login_id = '1'): LoginInUse => ({
  of: { tenant: 'acme', principal },
  login_id,
  bearer: credentialBearer('workshop', ''),
})

function open(most?: number) {
  const opened: FakeUpstream[] = []
  const upstreams = openUpstreams(() => {
    const upstream = new FakeUpstream()
    opened.push(upstream)
    return upstream
  }, most)
  return { opened, upstreams }
}

describe('the upstreams of a gateway', () => {
  test('are one for each server, one for each principal, and another one after each login', () => {
    const { opened, upstreams } = open()
    expect(upstreams.of(server)).toBe(upstreams.of(server))
    const ada = upstreams.of(server, login('ada'))
    expect(upstreams.of(server, login('ada'))).toBe(ada)
    expect(upstreams.of(server, login('bob'))).not.toBe(ada)
    expect(upstreams.of(server, login('ada', '2'))).not.toBe(ada)
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, true, false, false])
  })

  test('are closed, the longest unused first, where principals are many, unless they are at work', () => {
    const { opened, upstreams } = open(2)
    upstreams.of(server, login('ada'))
    upstreams.of(server, login('bob'))
    upstreams.of(server, login('ada'))
    upstreams.of(server, login('eve'))
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, true, false])
    for (const upstream of opened) upstream.shown = { ...resting, calls: { in_flight: 1, queued: 0 } }
    upstreams.of(server, login('joe'))
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, true, false, false])
  })

  test('of a server leave all, of every login, when their calls have settled; others come after them', async () => {
    const { opened, upstreams } = open()
    const calls = Promise.withResolvers<void>()
    upstreams.of(server, login('ada'))
    upstreams.of(server)
    upstreams.of({ ...server, name: 'other' })
    for (const upstream of opened) upstream.settled = calls.promise
    upstreams.leave('workshop')
    const left = upstreams.gone('workshop')
    const next = upstreams.of(server, login('ada'))
    expect(opened.indexOf(next as FakeUpstream)).toBe(3)
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, false, false, false])
    calls.resolve()
    await left
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, true, false, false])
  })

  test('are told of together: as well as the best of them is, with all that they count', async () => {
    const { opened, upstreams } = open()
    for (const name of ['ada', 'bob', 'eve']) upstreams.of(server, login(name))
    const [ada, bob] = opened
    if (ada) ada.shown = { ...resting, state: 'backing_off', calls: { in_flight: 0, queued: 2 } }
    if (bob) bob.shown = { ...resting, state: 'up', era: '2026-07-28', calls: { in_flight: 3, queued: 1 } }
    expect(upstreams.status()).toEqual([
      { ...resting, state: 'up', era: '2026-07-28', personal: true, ends: 3, calls: { in_flight: 3, queued: 3 } },
    ])
    await upstreams.close()
    expect(opened.every(({ isClosed }) => isClosed)).toBe(true)
  })
})
