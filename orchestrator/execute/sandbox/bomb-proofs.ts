import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { digest } from '../../../shared/json.ts'
import type { JailLimits } from '../../../shared/manifest.ts'
import { attackNames, type Observation } from './attack.ts'
import type { SandboxDriver } from './driver.ts'
import { dropBombs } from './drop-bombs.ts'
import type { Limiter } from './limits/limiter.ts'

const observation = z.object({ attack: z.enum(attackNames), held: z.boolean(), met: z.string() })
const proofsSchema = z.record(z.string(), z.array(observation))

/** Proves each kind of jail with its limits once after each boot of the machine, and keeps what it saw in a file. */
export function bombProofs(
  file: string,
): (driver: SandboxDriver, limiter: Limiter, limits: JailLimits) => Promise<Observation[]> {
  const boot = bootId()
  const kept = boot === undefined ? {} : read(file)
  const underWay = new Map<string, Promise<Observation[]>>()
  let writing = Promise.resolve()

  async function prove(key: string, work: () => Promise<Observation[]>): Promise<Observation[]> {
    const known = kept[key]
    if (known) return known
    const seen = await work()
    // What did not hold is tried again at each launch.
    if (boot !== undefined && seen.every(({ held }) => held)) {
      for (const old of Object.keys(kept)) if (!old.startsWith(`${boot} `)) delete kept[old]
      kept[key] = seen
      writing = writing.then(() => write(file, kept)).catch(() => {})
      await writing
    }
    return seen
  }

  return (driver, limiter, limits) => {
    const { memory_mb, processes, cpu } = limits
    const policy = digest({
      memory_mb,
      processes,
      cpu,
      limiter: limiter.name,
      node: process.version,
      uid: process.getuid?.() ?? 0,
    })
    const key = `${boot} ${driver.name} ${policy}`
    const proving = underWay.get(key) ?? prove(key, () => dropBombs({ driver, limiter, limits }))
    underWay.set(key, proving)
    return proving.finally(() => underWay.delete(key))
  }
}

/** Another boot may bring another kernel. */
function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}

function read(file: string): z.infer<typeof proofsSchema> {
  try {
    return proofsSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return {}
  }
}

async function write(file: string, proofs: z.infer<typeof proofsSchema>): Promise<void> {
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, JSON.stringify(proofs), { mode: 0o600 })
  await rename(temporary, file)
}
