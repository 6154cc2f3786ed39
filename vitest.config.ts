import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{shared,servers,orchestrator,test,scripts}/**/*.test.ts'],
    globalSetup: existsSync('test/support/global-setup.ts') ? ['test/support/global-setup.ts'] : [],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    restoreMocks: true,
  },
})
