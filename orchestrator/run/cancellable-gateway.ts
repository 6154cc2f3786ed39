import type { CallRequest, CallResult } from '../model/call.ts'
import type { RunGateway } from './parts.ts'

/**
 * A gateway whose calls in flight can be cancelled at their server while their run goes on, so that it can settle them and
 * take back what they did.
 */
export class CancellableGateway implements RunGateway {
  private readonly gateway: RunGateway
  private readonly inFlight = new Map<string, Set<AbortController>>()

  constructor(gateway: RunGateway) {
    this.gateway = gateway
  }

  async call(request: CallRequest, options: Parameters<RunGateway['call']>[1]): Promise<CallResult> {
    const cancel = new AbortController()
    const calls = this.inFlight.get(request.run_id) ?? new Set()
    this.inFlight.set(request.run_id, calls.add(cancel))
    try {
      return await this.gateway.call(request, { ...options, signal: AbortSignal.any([options.signal, cancel.signal]) })
    } finally {
      calls.delete(cancel)
      if (calls.size === 0) this.inFlight.delete(request.run_id)
    }
  }

  /** What the run calls from now on is not cancelled: it finds out, and undoes. */
  cancel(runId: string): void {
    for (const call of this.inFlight.get(runId) ?? []) call.abort()
  }
}
