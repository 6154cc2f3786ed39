import { describe, expect, test } from 'vitest'
import { setZipTimes } from './set-zip-times.ts'

/** An archive with one empty file, `a`, of some time, and with a comment at its end. */
function archive(): Uint8Array {
  const bytes = new Uint8Array(30 + 1 + 46 + 1 + 22 + 3).fill(0)
  const view = new DataView(bytes.buffer)
  const local = { at: 0, signature: 0x04034b50, time: 10, name: 26 }
  const entry = { at: 31, signature: 0x02014b50, time: 12, name: 28 }
  for (const { at, signature, time, name } of [local, entry]) {
    view.setUint32(at, signature, true)
    view.setUint32(at + time, 0x5d7e6b2a, true)
    view.setUint16(at + name, 1, true)
  }
  const end = 31 + 47
  view.setUint32(end, 0x06054b50, true)
  view.setUint16(end + 10, 1, true)
  view.setUint32(end + 16, entry.at, true)
  view.setUint16(end + 20, 3, true)
  return bytes
}

describe('setZipTimes', () => {
  test('gives every file the first instant of 1980, in both places, and changes nothing else', () => {
    const [before, after] = [archive(), archive()]
    setZipTimes(after)
    const changed = [...after.keys()].filter((at) => after[at] !== before[at])
    expect(changed).toEqual([10, 11, 12, 13, 43, 44, 45, 46])
    expect([...after.subarray(10, 14)]).toEqual([0, 0, 0x21, 0])
  })

  test('refuses what is no archive', () => {
    expect(() => setZipTimes(new Uint8Array(100))).toThrow('it has no directory')
    const torn = archive()
    torn[31] = 0
    expect(() => setZipTimes(torn)).toThrow('no header at byte 31')
  })
})
