import { chmodSync, closeSync, openSync } from 'node:fs'
import pino, { type Logger } from 'pino'
import type { Event } from '../model/event.ts'
import type { Situation } from '../model/situation.ts'

/** Remit's own log: JSON lines, each about a run with the run's id, and about a call with the call's. */
export type Log = Logger

/** Members that hold a secret wherever they stand, should one ever come near the log. */
const secretMembers = ['authorization', 'password', 'secret', 'token', 'api_key', 'arguments', 'input', 'output']

/** Opens the log, which only its owner may read (0600), also where it was there before. */
export function openLog(file: string): Log {
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
  const paths = secretMembers.flatMap((member) => [member, `*.${member}`, `*.*.${member}`])
  return pino(
    { base: { pid: process.pid }, redact: { paths, censor: '[redacted]' } },
    pino.destination({ dest: file, sync: true }),
  )
}

/** Writes what an operator looks for: how runs ended, and calls that did not succeed. */
export function logEvent(log: Pick<Log, 'info' | 'warn'>, event: Event, situation: Situation): void {
  const { run_id } = event
  if (event.type === 'run_finished') {
    const { status, error } = event.data
    log.info({ run_id, goal: situation.created.goal.goal, status, ...(error && { code: error.code }) }, 'run ended')
  }
  if (event.type === 'call_settled' && event.data.outcome.status !== 'succeeded') {
    const { call_id, outcome } = event.data
    const call = situation.calls.get(call_id)
    const what = { run_id, call_id, tool: `${call?.server}.${call?.tool}`, attempt: call?.attempt }
    log.warn({ ...what, outcome: outcome.status, kind: outcome.failure.kind }, 'call did not succeed')
  }
}
