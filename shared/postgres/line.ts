import { Socket } from 'node:net'

/** Where Postgres is. */
export interface Address {
  host: string
  port: number
}

/** Connects to Postgres. Calls back once the connection has ended or could not be made, before anybody else hears of it. */
export function openLine({ host, port }: Address, timeoutMs: number, onEnd: () => void): Promise<Socket> {
  const line = new Line(onEnd)
  return new Promise((resolve, reject) => {
    const onFailure = (error: unknown) => reject(error)
    line.once('error', onFailure)
    line.once('timeout', () => line.destroy(Object.assign(new Error('Postgres did not answer'), { code: 'ETIMEDOUT' })))
    line.once('connect', () => {
      line.setTimeout(0)
      line.off('error', onFailure)
      resolve(line)
    })
    line.setTimeout(timeoutMs)
    line.connect(port, host)
    // postgres.js takes it for the name that a certificate has to be for.
    Object.assign(line, { host })
  })
}

/** Tells of an error when it ends, not before: in between, postgres.js would still send statements by it, and forget them. */
class Line extends Socket {
  private readonly onEnd: () => void
  private failure: unknown

  constructor(onEnd: () => void) {
    super()
    this.onEnd = onEnd
  }

  override emit(event: string | symbol, ...given: unknown[]): boolean {
    if (event === 'error') {
      this.failure = given[0]
      return true
    }
    if (event === 'close') {
      this.onEnd()
      // Where TLS has taken the line over, it tells of its own errors.
      if (this.failure !== undefined && this.listenerCount('error') > 0) super.emit('error', this.failure)
    }
    return super.emit(event, ...given)
  }
}
