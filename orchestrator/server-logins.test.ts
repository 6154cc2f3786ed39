import { expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { MemoryLogins } from './execute/fixtures/oauth/memory-logins.ts'
import { liveConfig } from './live-config.ts'
import { liveLogins } from './server-logins.ts'

test('what the configuration says of logins counts as of the next call, and what else it says costs no token', () => {
  const config = liveConfig({ ...readConfig(), servers: {} })
  const logins = liveLogins(config, () => Object.assign(new MemoryLogins(), { list: async () => [] }))
  const nothing = { endpoints: {}, credentials: {}, settings: {} }
  const tickets = { ...nothing, url: ['https://tickets.example/mcp'], oauth: { grant: 'authorization_code' as const } }
  expect(logins().isPersonal('tickets')).toBe(false)
  config.adopt({ servers: { tickets } })
  expect(logins().isPersonal('tickets')).toBe(true)
  const before = logins()
  config.adopt({ servers: { tickets, crm: { ...nothing, database: 'schema' } } })
  expect(logins()).toBe(before)
  config.adopt({ servers: {} })
  expect(logins().isPersonal('tickets')).toBe(false)
})
