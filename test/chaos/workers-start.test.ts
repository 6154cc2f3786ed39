import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openHome } from '../../orchestrator/home/home.ts'
import { until } from '../support/hostile-gateway.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { processesOf, remit, root } from '../support/remit-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let home: string
let start: ReturnType<typeof remit>
beforeEach(async () => {
  folder = await temporaryFolder('remit-workers-')
  home = join(folder.path, 'home')
  start = remit(home, ['start', '--workers', '2', '--json'])
})
afterEach(async () => {
  start.kill('SIGTERM')
  await start.ended
  await removePlacedData(openHome(home))
  await folder.remove()
})

/** The pids of the workers beside the first. */
const others = () => processesOf(home).flatMap((line) => (/ --tied /.test(line) ? [Number.parseInt(line, 10)] : []))

/** Hands the example's customer over to the workers, under another name. */
async function onboard(slug: string): Promise<string> {
  const customer = JSON.parse(await readFile(join(root, 'examples', 'acme.json'), 'utf8'))
  customer.organization.slug = slug
  customer.admin.email = `ada@${slug}.example`
  const detached = remit(home, ['run', 'onboard', '--input', JSON.stringify(customer), '--detach', '--json'])
  const { code, stdout, stderr } = await detached.ended
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return JSON.parse(stdout).run_id
}

test('remit start serves HTTP to who has the local key, and remit stop ends it and everything else', async () => {
  const [, url] = await start.hears(/"url":"([^"]+)"/)
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  expect((await fetch(`${url}/v1/runs`)).status).toBe(401)
  const key = (await readFile(join(home, 'user', 'admin.key'), 'utf8')).trim()
  const listed = await fetch(`${url}/v1/runs`, { headers: { Authorization: `Bearer ${key}` } })
  expect(await listed.json()).toEqual({ runs: [] })

  const { code, stdout } = await remit(home, ['stop', '--json']).ended
  expect(code).toBe(0)
  expect(JSON.parse(stdout).stopped).toContainEqual(expect.stringMatching(/^remit start \d+$/))
  expect((await start.ended).code).toBe(0)
  expect(processesOf(home)).toEqual([])
}, 120_000)

test('remit start --workers 2 shares runs between processes, starts one that died again, and leaves nothing', async () => {
  await start.says('"ready"')
  await until('there are two workers', () => others().length === 1)
  const [victim] = others()
  process.kill(Number(victim), 'SIGKILL')
  await until('another one is there', () => others().some((pid) => pid !== victim))
  const runId = await onboard('shared')
  await start.says(`"run_id":"${runId}","type":"run_finished","status":"succeeded"`)

  start.kill('SIGTERM')
  const { code, stdout } = await start.ended
  expect(code).toBe(0)
  for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toBeTypeOf('object')
  expect(processesOf(home)).toEqual([])
}, 120_000)
