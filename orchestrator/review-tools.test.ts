import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fingerprint, manifestSchema, type ToolManifest } from '../shared/manifest.ts'
import { removePlacedData } from '../test/support/placed-data.ts'
import { remit, root } from '../test/support/remit-command.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { type Config, readConfig } from './config.ts'
import { pinsFile, readPins } from './execute/pin-store.ts'
import { openHome } from './home/home.ts'
import { joinHome } from './home/shared-process.ts'
import { type Catalogue, catalogueOf } from './model/catalogue.ts'
import { systemStream } from './model/event.ts'
import { withPins } from './model/pin.ts'
import type { ToolReview } from './model/tool-review.ts'
import { openRecord } from './record/open-record.ts'
import { checkServers, reviewTools } from './review-tools.ts'
import { serverAlone } from './serve-host.ts'

let config: Config
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder('remit-review-')
  config = readConfig({ ...process.env, REMIT_HOME: join(folder.path, 'home') })
})

afterAll(async () => {
  await remit(config.home, ['stop']).ended
  await removePlacedData(openHome(config.home))
  await folder.remove()
})

/** The catalogue of Slack's server as if `post_message` had been reviewed with another description. */
function reviewedWith(description: string): Catalogue {
  const { servers } = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers/manifest.json'), 'utf8')))
  const changed = (tool: ToolManifest): ToolManifest => {
    if (tool.name !== 'post_message') return tool
    const { name, input, output, annotations } = tool
    const told = { name, description, inputSchema: input, outputSchema: output, annotations }
    return { ...tool, description, fingerprint: fingerprint(told) }
  }
  const slack = servers.filter(({ name }) => name === 'slack')
  return serverAlone(
    catalogueOf({ version: 1, servers: slack.map((server) => ({ ...server, tools: server.tools.map(changed) })) }),
    'slack',
  )
}

async function review(catalogue: Catalogue, accept: boolean): Promise<ToolReview[]> {
  const shown: ToolReview[] = []
  await reviewTools(config, catalogue, {
    accept: async (each) => {
      shown.push(each)
      return accept
    },
  })
  return shown
}

/** What the system's own stream says of one thing. */
async function noted(what: string): Promise<unknown[]> {
  const home = openHome(config.home)
  const membership = await joinHome(home)
  const record = await openRecord({ home, membership })
  try {
    return (await record.journal.read(systemStream))
      .map(({ data }) => data)
      .filter((data) => 'what' in data && data.what === what)
  } finally {
    await record.close()
    await membership.leave()
  }
}

test('a changed tool is shown, accepted by a person, recorded, and as accepted until the manifest changes', {
  timeout: 120_000,
}, async () => {
  const catalogue = reviewedWith('Posts to Slack.')
  const [first] = await review(catalogue, false)
  expect(first).toMatchObject({
    server: 'slack',
    changed: [
      {
        tool: 'post_message',
        why: 'the running server changed its description',
        reviewed: { description: 'Posts to Slack.' },
        live: { description: expect.stringContaining('channel') },
      },
    ],
    others: [],
  })
  expect(readPins(pinsFile(config.home))).toEqual([])

  await review(catalogue, true)
  const pins = readPins(pinsFile(config.home))
  expect(pins).toMatchObject([{ server: 'slack', tool: 'post_message', by: config.owner.principal }])
  expect(statSync(pinsFile(config.home)).mode & 0o077).toBe(0)
  expect(await noted('pin_accepted')).toMatchObject([{ details: pins[0] }])

  expect(await review(withPins(catalogue, pins), false)).toEqual([])
  const [status] = await checkServers(config, withPins(catalogue, pins), {})
  expect(status).toMatchObject({ server: 'slack', state: 'up', quarantined: [] })
  expect(await review(withPins(reviewedWith('Posts.'), pins), false)).toHaveLength(1)
})
