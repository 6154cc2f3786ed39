import { expect, test } from 'vitest'
import { isLeftBehind, newJailName } from './jail-name.ts'

/** A name as ours are, with other words for some of them. */
const named = ({ pid, start, world }: { pid?: number; start?: string; world?: string }) => {
  const [, ourPid, ourStart, ourWorld, count] = /^remit-jail-(\d+)\.([^.]+)\.(\d+)\.(\d+)$/.exec(newJailName()) ?? []
  return `remit-jail-${pid ?? ourPid}.${start ?? ourStart}.${world ?? ourWorld}.${count}`
}

test("what is ours is not left behind, what was a dead process's is, and anybody else's is none of our business", () => {
  expect(newJailName()).not.toBe(newJailName())
  expect(isLeftBehind(newJailName())).toBe(false)
  expect(isLeftBehind(named({}))).toBe(false)
  expect(isLeftBehind(named({ start: '1' }))).toBe(true)
  expect(isLeftBehind(named({ pid: 999_999_999 }))).toBe(true)
  expect(isLeftBehind('something-else')).toBe(false)
})

test('of an owner in another container, whose pid says nothing here, everything is left alone', () => {
  expect(isLeftBehind(named({ pid: 999_999_999, world: '1' }))).toBe(false)
})
