import { expect, test } from 'vitest'
import { judgeProof } from './judge-proof.ts'

test('tells what held, what nobody claims to stop, and what got through all the same', () => {
  const verdict = judgeProof(
    ['read_files', 'write_files'],
    [
      { attack: 'read_files', held: true, met: 'ENOENT' },
      { attack: 'write_files', held: false, met: 'nothing' },
      { attack: 'signal_processes', held: false, met: 'nothing' },
    ],
    ['read_files', 'write_files', 'signal_processes'],
  )
  expect(verdict).toEqual({
    held: ['read_files'],
    gaps: ['signal_processes'],
    beaten: [{ attack: 'write_files', held: false, met: 'nothing' }],
  })
})

test('a claim that was not put to the test does not stand', () => {
  expect(judgeProof(['read_files'], [], ['read_files']).beaten).toMatchObject([{ attack: 'read_files' }])
})
