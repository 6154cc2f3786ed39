import { defineConfig } from 'drizzle-kit'

/** `drizzle-kit generate` compares the schema with the last snapshot and writes the next migration. */
export default defineConfig({ dialect: 'postgresql', schema: './orchestrator/record/schema.ts', out: './drizzle' })
