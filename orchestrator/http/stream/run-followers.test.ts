import { describe, expect, it } from 'vitest'
import type { ShownEvent } from '../../model/listed.ts'

import type { Frame } from './run-follower.ts'
import { type Feed, RunFollowers } from './run-followers.ts'

const run = '01890000-0000-7000-8000-000000000001'

/** A record of one run, and the notices of its growth; it counts how often it is read. */
class FakeRecord {
  readonly events: ShownEvent[] = []
  reads = 0
  away = false
  private readonly listeners: ((runId?: string, seq?: number) => void)[] = []

  async readEvents(_tenant: string, _runId: string, { after, limit }: { after: number; limit: number }) {
    this.reads += 1
    await Promise.resolve()
    if (this.away) throw new Error('away')
    return this.events.slice(after, after + limit)
  }

  onGrowth(listener: (runId?: string, seq?: number) => void) {
    this.listeners.push(listener)
  }

  grow(count: number, { type = 'call_settled', tell = true } = {}) {
    for (let more = 0; more < count; more++)
      this.events.push({ run_id: run, seq: this.events.length + 1, type, v: 1, at: '', data: {} })
    if (tell) this.tell(run, this.events.length)
  }

  tell(runId?: string, seq?: number) {
    for (const listener of this.listeners) listener(runId, seq)
  }
}

const never = new AbortController().signal

async function followed(record: FakeRecord, seen = 0, followers = new RunFollowers(record)): Promise<Feed> {
  const feed = await followers.follow('acme', run, seen)
  if (!feed) throw new Error('there is no such place')
  return feed
}

const seqs = (frames: readonly Frame[] | undefined) => frames?.map(({ seq }) => seq)

async function untilSeq(feed: Feed, last: number): Promise<number[]> {
  const seen: number[] = []
  while ((seen.at(-1) ?? 0) < last) seen.push(...(seqs(await feed.next(1_000, never)) ?? []))
  return seen
}

describe('following a run', () => {
  it('reads it once for each time that it grows, however many listen', async () => {
    const record = new FakeRecord()
    record.grow(3)
    const followers = new RunFollowers(record)
    const feeds = await Promise.all(Array.from({ length: 500 }, () => followed(record, 0, followers)))
    expect(record.reads).toBe(1)
    for (let event = 4; event <= 10; event++) {
      const all = Promise.all(feeds.map((feed) => untilSeq(feed, event)))
      record.grow(1)
      await all
    }
    expect(record.reads).toBe(8)
  })

  it('gives every listener every event once, in order, from where each had got to', async () => {
    const record = new FakeRecord()
    record.grow(5)
    const followers = new RunFollowers(record)
    const late = await followed(record, 3, followers)
    const early = await followed(record, 0, followers)
    record.grow(2)
    expect(await untilSeq(late, 7)).toEqual([4, 5, 6, 7])
    expect(await untilSeq(early, 7)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('lets a listener that is far behind catch up by pages, and holds nobody up for it', async () => {
    const record = new FakeRecord()
    record.grow(1)
    const followers = new RunFollowers(record)
    const slow = await followed(record, 0, followers)
    const quick = await followed(record, 0, followers)
    record.grow(3_000)
    expect(await untilSeq(quick, 3_001)).toHaveLength(3_001)
    expect(await untilSeq(slow, 3_001)).toEqual(Array.from({ length: 3_001 }, (_, index) => index + 1))
  })

  it('goes on after an outage with what was stored meanwhile', async () => {
    const record = new FakeRecord()
    record.grow(1)
    const feed = await followed(record, 1)
    record.away = true
    record.grow(2)
    expect(seqs(await feed.next(5, never))).toEqual([])
    record.away = false
    record.tell()
    expect(await untilSeq(feed, 3)).toEqual([2, 3])
  })

  it('is over once the run has ended, for who has seen it all', async () => {
    const record = new FakeRecord()
    record.grow(2)
    record.grow(1, { type: 'run_finished' })
    const behind = await followed(record, 2)
    expect(behind.isOver()).toBe(false)
    expect(seqs(await behind.next(0, never))).toEqual([3])
    expect(await behind.next(0, never)).toBeUndefined()
    expect((await followed(record, 3)).isOver()).toBe(true)
  })

  it('has nothing for who has seen what the run does not have', async () => {
    const record = new FakeRecord()
    record.grow(2)
    const followers = new RunFollowers(record)
    expect(await followers.follow('acme', run, 9)).toBeUndefined()
    expect(followers.counts).toEqual({ listeners: 0, runs: 0 })
  })

  it('leads nobody astray by who has seen, at the same time, what the run does not have', async () => {
    const record = new FakeRecord()
    record.grow(3)
    const followers = new RunFollowers(record)
    const [none, feed] = await Promise.all([followers.follow('acme', run, 999_999), followers.follow('acme', run, 0)])
    expect(none).toBeUndefined()
    if (!feed) throw new Error('the run has a beginning')
    expect(await untilSeq(feed, 3)).toEqual([1, 2, 3])
    const { reads } = record
    expect(seqs(await feed.next(5, never))).toEqual([])
    expect(record.reads).toBe(reads)
    record.grow(1)
    expect(await untilSeq(feed, 4)).toEqual([4])
  })

  it('forgets the run with its last listener', async () => {
    const record = new FakeRecord()
    record.grow(1)
    const followers = new RunFollowers(record)
    const feeds = [await followed(record, 0, followers), await followed(record, 0, followers)]
    expect(followers.counts).toEqual({ listeners: 2, runs: 1 })
    for (const feed of feeds) feed.close()
    feeds[0]?.close()
    expect(followers.counts).toEqual({ listeners: 0, runs: 0 })
    const { reads } = record
    record.grow(1)
    expect(record.reads).toBe(reads)
  })
})
