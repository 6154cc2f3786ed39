import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHome } from '../../orchestrator/home/home.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { processesOf, remit } from '../support/remit-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let home: string
let file: string
beforeAll(async () => {
  folder = await temporaryFolder('remit-backup-')
  home = join(folder.path, 'home')
  file = join(folder.path, 'remit.tar.gz')
})
afterAll(async () => {
  await remit(home, ['stop']).ended
  for (const one of ['home', 'lost']) await removePlacedData(openHome(join(folder.path, one)))
  await folder.remove()
})

describe('a run that waits', { timeout: 180_000 }, () => {
  test('is answered after its home was lost and restored, and ends as it would have', async () => {
    const input = ['--input', 'examples/acme.json', '--fault', 'billing=declined', '--json']
    const started = await remit(home, ['run', 'onboard', ...input]).ended
    expect(started.code).toBe(3)
    const { run_id } = JSON.parse(started.stdout) as { run_id: string }
    expect((await remit(home, ['backup', file]).ended).code).toBe(0)
    await rename(home, join(folder.path, 'lost'))

    expect((await remit(home, ['runs', '--json']).ended).stdout).not.toContain(run_id)
    expect(await remit(home, ['restore', file]).ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('empty'),
    })
    const restored = await remit(home, ['restore', file, '--replace', '--json']).ended
    expect(restored.code).toBe(0)

    expect((await remit(home, ['verify']).ended).code).toBe(0)
    const answered = await remit(home, ['answer', run_id, 'accept', '--json']).ended
    expect(answered.stderr).not.toContain('Error')
    expect(JSON.parse(answered.stdout)).toMatchObject({ run_id, status: 'succeeded' })
    expect((await remit(home, ['verify']).ended).code).toBe(0)
    expect(processesOf(home)).toEqual([])
    const { replaced } = JSON.parse(restored.stdout) as { replaced: string }
    await removePlacedData(openHome(replaced))
  })
})
