import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LongLine, splitLines } from './split-lines.ts'

function reader(limitBytes: number) {
  const lines: string[] = []
  const long: LongLine[] = []
  let endless = 0
  const splitter = splitLines({
    limitBytes,
    onLine: (line) => lines.push(line),
    onLongLine: (line) => long.push(line),
    onEndless: () => {
      endless += 1
    },
  })
  return { splitter, lines, long, endless: () => endless }
}

test('gives the same lines however they are cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.nat(20), { minLength: 1 }), (texts, sizes) => {
      const wanted = texts.map((text) => text.replaceAll(/[\r\n]/g, '')).filter((text) => text !== '')
      const whole = Buffer.from(wanted.map((line) => `${line}\n`).join(''))
      const { splitter, lines } = reader(10_000)
      for (let at = 0, n = 0; at < whole.length; n++) {
        const size = 1 + (sizes[n % sizes.length] ?? 0)
        splitter.push(whole.subarray(at, at + size))
        at += size
      }
      expect(lines).toEqual(Buffer.from(wanted.join('\n')).toString().split('\n').filter(Boolean))
    }),
  )
})

test('leaves out line ends of either kind and empty lines', () => {
  const { splitter, lines } = reader(100)
  splitter.push(Buffer.from('a\r\n\r\n\nb\n\r'))
  splitter.end()
  expect(lines).toEqual(['a', 'b'])
})

test('keeps both ends of a line that is too long, and goes on after it', () => {
  const { splitter, lines, long } = reader(1_000)
  const text = `head${'x'.repeat(5_000)}tail`
  for (const character of text) splitter.push(Buffer.from(character))
  splitter.push(Buffer.from('\nnext\n'))
  expect(long).toMatchObject([{ bytes: text.length }])
  expect(long[0]?.head).toBe(text.slice(0, 512))
  expect(long[0]?.tail).toBe(text.slice(-512))
  expect(lines).toEqual(['next'])
})

test('says once that a line does not end', () => {
  const { splitter, long, endless } = reader(100)
  for (let chunk = 0; chunk < 100; chunk++) splitter.push(Buffer.alloc(50, 'x'))
  expect(endless()).toBe(1)
  expect(long).toEqual([])
})

test('gives nothing after it was stopped, even from the chunk that it is in', () => {
  const lines: string[] = []
  const splitter = splitLines({
    limitBytes: 100,
    onLine: (line) => {
      lines.push(line)
      splitter.stop()
    },
    onLongLine: () => {},
  })
  splitter.push(Buffer.from('a\nb\n'))
  splitter.push(Buffer.from('c\n'))
  expect(lines).toEqual(['a'])
})
