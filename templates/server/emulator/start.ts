import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { listenHttp, openFaults, openStore, type RunningEmulator } from '../../../shared/capability/emulator.ts'
import type { faults } from '../faults.ts'
import { type Account, routes } from './routes.ts'

/**
 * Starts the vendor's stand-in on loopback. It takes only the token of its own data folder, and keeps all that is created
 * there.
 */
export async function startEmulator(dataFolder: string): Promise<RunningEmulator> {
  const token = `emulated-${randomBytes(18).toString('hex')}`
  const store = openStore<Account>(join(dataFolder, 'account.json'), { token, records: [], replies: {} })
  store.save()
  const armed = openFaults<keyof typeof faults>({
    down: Number.POSITIVE_INFINITY,
    limited: 2,
    lost: 1,
    revoked: Number.POSITIVE_INFINITY,
  })
  const { url, close } = await listenHttp(routes(store, armed), join(dataFolder, 'port.json'))
  return {
    endpoints: { WAREHOUSE_URL: url },
    credentials: { WAREHOUSE_TOKEN: store.state.token },
    control: `${url}/_remit`,
    close,
  }
}
