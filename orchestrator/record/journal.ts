import { connect, type Sql } from '../../shared/postgres/connect.ts'
import { type Draft, type Event, systemStream } from '../model/event.ts'
import { type BatchStore, type NewRun, postgresStore, type RunChange, type RunWrite, writeBatch } from './batch.ts'
import { chainEvents, type Head, startOfChain } from './chain.ts'
import { patienceOf, whileUnavailable } from './patience.ts'
import { type ReadOptions, readEvents } from './read-events.ts'
import { FenceLostError, RecordUnavailableError } from './record-errors.ts'
import { type StoredDraft, storeDraft } from './stored-draft.ts'

/** A run as it is created: whose it is, the name of its goal, and where it acts. */
export interface CreateRun extends Omit<NewRun, 'parent_run'> {
  /** A uuidv7. */
  run_id: string
  parent_run?: string
}

/**
 * The append-only record of runs. A promise of `create`, `append` or `note` settles only after the commit: nothing may be
 * done that rests on an event before that. All reject with {@link RecordUnavailableError} while Postgres is away; then, and
 * after a {@link FenceLostError}, the run has to be adopted again before more is appended.
 */
export interface Journal {
  /** Starts a run with its first events; this journal is its writer from then on. */
  create(run: CreateRun, drafts: readonly Draft[], change?: RunChange): Promise<Event[]>
  /** Appends to a run that this journal created or adopted. Drafts that wait together are stored together, in order. */
  append(run_id: string, drafts: readonly Draft[], change?: RunChange): Promise<Event[]>
  /** Takes up an existing run: returns all its events and continues after the last of them. */
  adopt(run_id: string): Promise<Event[]>
  /** Forgets a run that this worker is done with; what still waits is stored. */
  release(run_id: string): void
  /** The events of a run, in order. */
  read(run_id: string, options?: ReadOptions): Promise<Event[]>
  /** Appends to the stream of what no run owns; several workers may do so at once. */
  note(drafts: readonly Draft[]): Promise<Event[]>
  /** Stores what waits, then disconnects. */
  close(): Promise<void>
}

export interface JournalOptions {
  /** Of the role `remit_journal`. */
  url: string
  now(): Date
  /** Milliseconds that an append may wait for a Postgres that is away; 5 s unless said. */
  patienceMs?: number
  /** Called when a connection to Postgres has ended or could not be made. */
  onClose?: () => void
  /** Called with the last place of each run that has grown, after the commit. */
  onAppended?: (run_id: string, seq: number) => void
  /** For tests: where batches go instead. */
  store?(sql: Sql): BatchStore
}

interface Waiting {
  drafts: readonly StoredDraft[]
  change: RunChange
  resolve(events: Event[]): void
  reject(error: Error): void
}

interface OpenRun {
  head: Head
  tenant: string
  /** Present until the run's row is stored. */
  created?: NewRun
  waiting: Waiting[]
  /** True while a batch that holds some of its drafts is under way: what waits is chained to the end of those. */
  writing: boolean
}

/** The tenant of what no run owns. */
const systemTenant = 'system'
const rowsPerBatch = 1_000
/** While Postgres stores one batch, the runs of the other go on. */
const batchesUnderWay = 2
const noteAttempts = 20

export function openJournal({
  url,
  now,
  patienceMs = 5_000,
  onClose,
  onAppended = () => {},
  store: storeOf = postgresStore,
}: JournalOptions): Journal {
  const sql = connect(url, { max: 3, name: 'journal', onClose })
  const store = storeOf(sql)
  const runs = new Map<string, OpenRun>()
  const pumps = new Array<Promise<void> | undefined>(batchesUnderWay).fill(undefined)
  let notes: Promise<unknown> = Promise.resolve()

  const enqueue = (run: OpenRun, drafts: readonly StoredDraft[], change: RunChange): Promise<Event[]> =>
    new Promise((resolve, reject) => {
      run.waiting.push({ drafts, change, resolve, reject })
      const idle = pumps.indexOf(undefined)
      if (idle !== -1) pumps[idle] = Promise.resolve().then(() => flushAll(idle))
    })

  /** Two batches are under way at a time, and no run is in both: what arrives meanwhile shares the next commit. */
  const flushAll = async (pump: number): Promise<void> => {
    for (let taken = takeBatch(); taken.length > 0; taken = takeBatch()) {
      const outcomes = await writeBatch(
        store,
        taken.map(({ write }) => write),
        patienceMs,
      )
      for (const one of taken) settle(one, outcomes.get(one.write.run_id))
    }
    pumps[pump] = undefined
  }

  const untilStored = () => Promise.all(pumps)

  const takeBatch = (): Taken[] => {
    const at = now()
    const batch: Taken[] = []
    let rows = 0
    for (const [run_id, run] of runs) {
      if (run.waiting.length === 0 || run.writing) continue
      if (rows >= rowsPerBatch) break
      const taken = take(run_id, run, at)
      rows += taken.write.rows.length
      batch.push(taken)
    }
    return batch
  }

  const settle = ({ run, waiting, events, head, write }: Taken, error: Error | undefined): void => {
    run.writing = false
    if (error === undefined) {
      run.head = head
      delete run.created
      let from = 0
      for (const { drafts, resolve } of waiting) {
        resolve(events.slice(from, from + drafts.length))
        from += drafts.length
      }
      onAppended(write.run_id, head.seq)
      return
    }
    for (const { reject } of waiting) reject(error)
    if (!(error instanceof FenceLostError || error instanceof RecordUnavailableError) && !run.created) return
    for (const { reject } of run.waiting) reject(error)
    run.waiting = []
    runs.delete(write.run_id)
  }

  const read = (run_id: string, options: ReadOptions): Promise<Event[]> =>
    whileUnavailable(patienceOf(patienceMs), () => readEvents(sql, run_id, options))

  const adopt = async (run_id: string): Promise<Event[]> => {
    if (runs.has(run_id)) await untilStored()
    const events = await read(run_id, {})
    const last = events.at(-1)
    if (!last && run_id !== systemStream) throw new RangeError(`there is no run ${run_id} in the record`)
    // Whoever held the run here and appended since then has lost it, as it would have to another worker.
    for (const { reject } of runs.get(run_id)?.waiting.splice(0) ?? []) reject(new FenceLostError(run_id))
    runs.set(run_id, { head: last ?? startOfChain, tenant: last?.tenant ?? systemTenant, waiting: [], writing: false })
    return events
  }

  const noteNow = async (drafts: readonly Draft[]): Promise<Event[]> => {
    const stored = storeAll(systemStream, drafts)
    for (let attempt = 1; ; attempt += 1) {
      if (!runs.has(systemStream)) await adopt(systemStream)
      try {
        return await enqueue(openRun(runs, systemStream), stored, {})
      } catch (error) {
        if (!(error instanceof FenceLostError) || attempt === noteAttempts) throw error
      }
    }
  }

  return {
    async create({ run_id, tenant, principal, goal, mode, parent_run }, drafts, change = {}) {
      if (runs.has(run_id)) throw new TypeError(`run ${run_id} exists already`)
      const stored = storeAll(run_id, drafts)
      const created = { tenant, principal, goal, mode, parent_run: parent_run ?? null }
      const run: OpenRun = { head: startOfChain, tenant, created, waiting: [], writing: false }
      runs.set(run_id, run)
      return enqueue(run, stored, change)
    },
    async append(run_id, drafts, change = {}) {
      return enqueue(openRun(runs, run_id), storeAll(run_id, drafts), change)
    },
    adopt,
    release(run_id) {
      const run = runs.get(run_id)
      const forget = () => {
        const isDone = run?.waiting.length === 0 && !run.writing
        if (isDone && runs.get(run_id) === run) runs.delete(run_id)
        return isDone
      }
      if (!forget()) void untilStored().then(forget)
    },
    read: (run_id, options = {}) => read(run_id, options),
    note(drafts) {
      const noted = notes.then(() => noteNow(drafts))
      notes = noted.catch(() => {})
      return noted
    },
    async close() {
      await notes
      await untilStored()
      await sql.end({ timeout: 1 })
    },
  }
}

/** What one run contributes to a batch, and what becomes of it when the batch is stored. */
interface Taken {
  run: OpenRun
  waiting: Waiting[]
  events: Event[]
  head: Head
  write: RunWrite
}

/** Gives everything that waits its place in the run: sequence numbers and hashes are made here, and nowhere else. */
function take(run_id: string, run: OpenRun, at: Date): Taken {
  const { waiting } = run
  const drafts = waiting.flatMap((one) => one.drafts)
  const { events, rows, head } = chainEvents({ run_id, tenant: run.tenant, head: run.head, at }, drafts)
  const payloads = drafts.flatMap((one) => one.payloads)
  const change: RunChange = Object.assign({}, ...waiting.map((one) => one.change))
  const created = run.created && { created: run.created }
  const write: RunWrite = { run_id, rows, payloads, change, at: at.toISOString(), ...created }
  run.waiting = []
  run.writing = true
  return { run, waiting, events, head, write }
}

/** What is not JSON fails here, for its caller alone. */
function storeAll(run_id: string, drafts: readonly Draft[]): StoredDraft[] {
  if (drafts.length === 0) throw new TypeError(`an append to run ${run_id} needs at least one event`)
  return drafts.map(storeDraft)
}

function openRun(runs: ReadonlyMap<string, OpenRun>, run_id: string): OpenRun {
  const run = runs.get(run_id)
  if (!run) throw new TypeError(`this worker does not hold run ${run_id}: adopt it before appending`)
  return run
}
