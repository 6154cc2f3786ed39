import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Home } from '../../orchestrator/home/home.ts'
import { placedData } from '../../orchestrator/record/postgres-placement.ts'

/** Removes the data that a home of root's had to keep elsewhere, because Postgres's account could not reach the home. */
export async function removePlacedData(home: Home): Promise<void> {
  const dataFolder = await placedData(home)
  if (dataFolder && !dataFolder.startsWith(home.path)) await rm(dirname(dataFolder), { recursive: true, force: true })
}
