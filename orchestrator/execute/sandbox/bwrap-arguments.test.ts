import { expect, test } from 'vitest'
import { bwrapArguments } from './bwrap-arguments.ts'

const policy = {
  layout: { roots: [{ path: '/usr' }, { path: '/lib', target: 'usr/lib' }] },
  reads: ['/project/servers/shop'],
  writes: ['/home/servers/shop'],
  files: [{ path: '/tmp/names', inside: '/etc/hosts' }],
  cwd: '/project',
  scratchBytes: 1_048_576,
  disableUserns: true,
}

test('shares no namespace, and ends with its parent', () => {
  expect(bwrapArguments(policy)).toEqual(expect.arrayContaining(['--unshare-all', '--die-with-parent', '--cap-drop']))
  expect(bwrapArguments(policy)).not.toContain('--share-net')
})

test('binds what is granted and nothing else for writing', () => {
  const args = bwrapArguments(policy)
  const writable = args.flatMap((word, index) => (word === '--bind' ? [args[index + 1]] : []))
  expect(writable).toEqual(['/home/servers/shop'])
  expect(args.join(' ')).toContain('--ro-bind-try /project/servers/shop /project/servers/shop')
  expect(args.join(' ')).toContain('--ro-bind /tmp/names /etc/hosts')
  expect(args.join(' ')).toContain('--size 1048576 --tmpfs /tmp')
})

test('what is granted below /tmp is bound after the scratch that lies there', () => {
  const args = bwrapArguments({ ...policy, writes: ['/tmp/data'] })
  expect(args.lastIndexOf('/tmp/data')).toBeGreaterThan(args.indexOf('--tmpfs'))
})

test('an older bubblewrap is not told what it does not know', () => {
  expect(bwrapArguments({ ...policy, disableUserns: false })).not.toContain('--disable-userns')
})
