import { expect, test } from 'vitest'
import { isLeftBehind, newJailName } from './jail-name.ts'

test("what is ours is not left behind, what was a dead process's is, and anybody else's is none of our business", () => {
  expect(newJailName()).not.toBe(newJailName())
  expect(isLeftBehind(newJailName())).toBe(false)
  expect(isLeftBehind(`remit-jail-${process.pid}.1.1`)).toBe(true)
  expect(isLeftBehind('remit-jail-999999999.1.1')).toBe(true)
  expect(isLeftBehind('something-else')).toBe(false)
})
