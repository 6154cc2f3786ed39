import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { connect } from '../shared/postgres/connect.ts'
import { createTestDatabase } from '../test/support/postgres.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { ensureLocalKey, localKeyFile } from './local-key.ts'
import { scopes } from './model/caller.ts'
import { openApiKeys } from './record/api-keys.ts'

describe('the local key', () => {
  it('is made once, for this user’s eyes alone, may do everything, and stays revoked', async () => {
    const folder = await temporaryFolder()
    const database = await createTestDatabase()
    const sql = connect(database.journalUrl, { max: 1, name: 'test' })
    try {
      const keys = openApiKeys({ sql, now: () => new Date() })
      const config = {
        configHome: join(folder.path, 'new', 'remit'),
        owner: { tenant: 'default', principal: 'local:ann' },
      }
      const file = localKeyFile(config)
      expect(await Promise.all([ensureLocalKey(config, keys), ensureLocalKey(config, keys)])).toEqual([true, true])
      const text = (await readFile(file, 'utf8')).trim()
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect((await stat(config.configHome)).mode & 0o777).toBe(0o700)
      expect(await keys.callerOf(text)).toMatchObject({ ...config.owner, scopes: new Set(scopes), ceiling: {} })
      expect(await keys.list('default')).toHaveLength(1)

      await keys.revoke('default', text.split('_')[1] ?? '')
      expect(await ensureLocalKey(config, keys)).toBe(false)
      await writeFile(file, 'not a key')
      expect(await ensureLocalKey(config, keys)).toBe(false)
    } finally {
      await sql.end({ timeout: 1 })
      await database.drop()
      await folder.remove()
    }
  })
})
