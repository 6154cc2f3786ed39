import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { z } from 'zod'
import {
  dropConnection,
  type EmulatorBindings,
  type Faults,
  faultRoutes,
  type Store,
} from '../../../shared/capability/emulator.ts'
import type { faults } from '../faults.ts'

const wanted = z.strictObject({
  name: z.string().min(1),
  run: z.string().optional(),
  note: z.string().optional(),
})

type Entry = z.output<typeof wanted> & { id: string }

/** What the emulated vendor knows. */
export interface Account {
  token: string
  records: Entry[]
  /** Idempotency key → what it created. */
  replies: Record<string, Entry>
}

/** The vendor's API under `/v1/`, and under `/_remit` what tests and rehearsals look at and arm. */
export function routes(store: Store<Account>, armed: Faults<keyof typeof faults>): Hono<EmulatorBindings> {
  const { state } = store
  const byName = (name: string | undefined) => state.records.filter((one) => name === undefined || one.name === name)
  return new Hono<EmulatorBindings>()
    .get('/_remit/state', (c) => c.json({ parcels: state.records }))
    .route('/_remit', faultRoutes(armed))
    .use('/v1/*', async (c, next) => {
      if (armed.take('down')) return c.json({ error: 'down' }, 503)
      if (armed.take('limited')) return c.json({ error: 'limited' }, 429, { 'Retry-After': '1' })
      const isOurs = c.req.header('authorization') === `Bearer ${state.token}`
      if (!isOurs || armed.take('revoked')) return c.json({ error: 'unauthorized' }, 401)
      return next()
    })
    .get('/v1/parcels', (c) => c.json({ data: byName(c.req.query('name')).toReversed() }))
    .post('/v1/parcels', async (c) => {
      const asked = wanted.safeParse(await c.req.json().catch(() => undefined))
      if (!asked.success) return c.json({ error: 'invalid' }, 422)
      const created = createOnce(store, c.req.header('idempotency-key'), asked.data)
      return armed.take('lost') ? dropConnection(c) : c.json(created, 201)
    })
    .delete('/v1/parcels/:id', (c) => {
      const index = state.records.findIndex(({ id }) => id === c.req.param('id'))
      if (index < 0) return c.json({ error: 'not found' }, 404)
      state.records.splice(index, 1)
      store.save()
      return armed.take('lost') ? dropConnection(c) : c.body(null, 204)
    })
}

/** A key that was seen before gets what it got then. */
function createOnce({ state, save }: Store<Account>, key: string | undefined, asked: z.output<typeof wanted>): Entry {
  const before = key === undefined ? undefined : state.replies[key]
  if (before) return before
  const created = { id: `parcel_${randomBytes(8).toString('hex')}`, ...asked }
  state.records.push(created)
  if (key !== undefined) state.replies[key] = created
  save()
  return created
}
