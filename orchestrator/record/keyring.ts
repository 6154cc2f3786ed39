import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Sql } from '../../shared/postgres/connect.ts'
import type { Home } from '../home/home.ts'
import { keyFile } from '../home/key-file.ts'
import { createSealer, SealError, type Sealer, sealKeyBytes } from '../model/seal.ts'
import { unlessUnavailable } from './patience.ts'
import { unwrap, wrap } from './wrap.ts'

/** The keys of runs' sealed fields: each lies in Postgres, wrapped by a key in `keys/seal.key` that Postgres never sees. */
export interface Keyring {
  /** Makes the run's key, unless it has one, and returns its sealer. */
  create(run_id: string): Promise<Sealer>
  /** Throws a {@link SealError} where the run has no key, or no longer. */
  sealer(run_id: string): Promise<Sealer>
  /** Forgets what is in memory of a run that nobody here is busy with any more. */
  release(run_id: string): void
  /** Erases the run's sealed data for good; its chain of events stays whole. */
  erase(run_id: string): Promise<void>
}

/** The keyring over a client of the journal's role. */
export async function openKeyring({ sql, home, now }: { sql: Sql; home: Home; now(): Date }): Promise<Keyring> {
  const master = await keyFile(join(home.keys, 'seal.key'), () => randomBytes(sealKeyBytes))
  const sealers = new Map<string, Sealer>()

  const load = async (run_id: string): Promise<Sealer | undefined> => {
    const [row] = await sql<{ wrapped_key: Buffer | null }[]>`
      SELECT wrapped_key FROM remit.run_keys WHERE run_id = ${run_id}`
    if (!row) return undefined
    if (!row.wrapped_key) throw new SealError(`the sealed data of run ${run_id} was erased`)
    const sealer = createSealer(run_id, unwrapFor(run_id, master, row.wrapped_key))
    sealers.set(run_id, sealer)
    return sealer
  }
  const sealerOf = async (run_id: string): Promise<Sealer> => {
    const sealer = sealers.get(run_id) ?? (await unlessUnavailable(() => load(run_id)))
    if (!sealer) throw new SealError(`run ${run_id} has no key: nothing of it can have been sealed`)
    return sealer
  }

  return {
    async create(run_id) {
      const wrapped = wrap(master, run_id, randomBytes(sealKeyBytes))
      await unlessUnavailable(
        () => sql`
          INSERT INTO remit.run_keys (run_id, wrapped_key, created_at) VALUES (${run_id}, ${wrapped}, ${now()})
          ON CONFLICT (run_id) DO NOTHING`,
      )
      return sealerOf(run_id)
    },
    sealer: sealerOf,
    release: (run_id) => void sealers.delete(run_id),
    async erase(run_id) {
      sealers.delete(run_id)
      await sql`UPDATE remit.run_keys SET wrapped_key = NULL, erased_at = ${now()} WHERE run_id = ${run_id}`
    },
  }
}

function unwrapFor(run_id: string, master: Buffer, wrapped: Buffer): Buffer {
  try {
    return unwrap(master, run_id, wrapped)
  } catch (cause) {
    throw new SealError(`the key of run ${run_id} does not open: keys/seal.key is not the one it was wrapped with`, {
      cause,
    })
  }
}
