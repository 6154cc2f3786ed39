import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { scrubber } from './scrub.ts'
import { followStderr } from './stderr-tail.ts'

async function linesOf(chunks: string[], secrets: string[] = []): Promise<string[]> {
  const stream = new PassThrough()
  const tail = followStderr(stream, scrubber(secrets))
  for (const chunk of chunks) stream.write(chunk)
  stream.end()
  await new Promise((resolve) => stream.once('end', resolve))
  return tail.lines()
}

test('takes out a secret that two chunks share', async () => {
  expect(await linesOf(['key sec', 'ret!\nlast'], ['secret'])).toEqual(['key [redacted]!', 'last'])
})

test('keeps the last fifty lines', async () => {
  const lines = await linesOf([Array.from({ length: 60 }, (_, index) => `line ${index}\n`).join('')])
  expect(lines).toHaveLength(50)
  expect(lines.at(-1)).toBe('line 59')
})

test('a line without an end does not fill the memory', async () => {
  const lines = await linesOf(Array.from({ length: 100 }, () => 'x'.repeat(1_000)))
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(4_096)
})
