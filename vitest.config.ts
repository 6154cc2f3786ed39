import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{shared,servers,templates/server,orchestrator,test,scripts,bench}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    restoreMocks: true,
  },
})
