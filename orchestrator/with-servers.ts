import { join } from 'node:path'
import { InputError, type OpenOptions } from './cli/remit.ts'
import type { Config } from './config.ts'
import type { Gateway } from './execute/gateway.ts'
import { checkSlots, goingLive } from './go-live.ts'
import { openHome } from './home/home.ts'
import { joinHome } from './home/shared-process.ts'
import { keepEmulators } from './keep-emulators.ts'
import type { Catalogue } from './model/catalogue.ts'
import { openLog } from './observe/open-log.ts'
import { openRecord } from './record/open-record.ts'
import { type Place, startServers } from './start-servers.ts'

export type Opening = Pick<OpenOptions, 'signal' | 'onStarting' | 'onStarted'>

/** Throws {@link InputError} where a slot has no value, or nobody has agreed to what live mode reaches. */
export async function readyToStart(config: Config, catalogue: Catalogue): Promise<void> {
  await checkSlots(config, catalogue)
  if (await goingLive(config, catalogue))
    throw new InputError('Nobody has agreed to go live with these accounts on this REMIT_HOME')
}

/** Does some work on a home, with its record, and closes both whatever happens. */
export async function withPlace<Result>(
  { home: path, databaseUrl }: Config,
  { signal }: Opening,
  work: (place: Place) => Promise<Result>,
): Promise<Result> {
  const home = openHome(path)
  const membership = await joinHome(home)
  try {
    const record = await openRecord({ home, membership, databaseUrl })
    try {
      signal?.throwIfAborted()
      return await work({ home, membership, record })
    } finally {
      await record.close()
    }
  } finally {
    await membership.leave()
  }
}

/** Does some work with the servers of a catalogue, and ends them whatever happens. */
export async function withServers<Result>(
  config: Config,
  catalogue: Catalogue,
  options: Opening,
  work: (open: Pick<Place, 'record'> & { gateway: Gateway }) => Promise<Result>,
): Promise<Result> {
  return withPlace(config, options, (place) => onPlace(config, catalogue, place, options, work))
}

/** The same on a home that is open already. */
export async function onPlace<Result>(
  config: Config,
  catalogue: Catalogue,
  place: Place,
  options: Opening,
  work: (open: Pick<Place, 'record'> & { gateway: Gateway }) => Promise<Result>,
): Promise<Result> {
  const { signal } = options
  const opening = { servers: true, ...options }
  const emulators = await keepEmulators(config, catalogue, place, {}, opening)
  try {
    const log = openLog(join(place.home.logs, 'remit.log'))
    const gateway = await startServers(config, catalogue, { ...place, emulators, log }, {}, opening)
    try {
      signal?.throwIfAborted()
      return await work({ gateway, record: place.record })
    } finally {
      await gateway.close()
    }
  } finally {
    await emulators.close()
  }
}
