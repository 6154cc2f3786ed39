import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeDoorFolder } from './door-folder.ts'

test('a folder is its owner’s alone, and those of killed commands are removed', async () => {
  const { pid: dead } = spawnSync(process.execPath, ['-e', ''])
  const [abandoned, another] = [`remit-doors-${dead}-abc`, `remit-doors-${process.ppid}-abc`].map((name) =>
    join(tmpdir(), name),
  ) as [string, string]
  for (const folder of [abandoned, another]) mkdirSync(folder, { recursive: true })
  const folder = await makeDoorFolder()
  try {
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect([existsSync(abandoned), existsSync(another)]).toEqual([false, true])
  } finally {
    for (const made of [folder, another]) rmSync(made, { recursive: true })
  }
})
