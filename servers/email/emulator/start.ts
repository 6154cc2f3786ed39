import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { listenSteadily, openStore, type RunningEmulator } from '../../../shared/capability/emulator.ts'
import { serveControl } from './control.ts'
import { type MailFaults, openMailFaults } from './faults.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'

interface Credentials {
  user: string
  password: string
}

/** Largest message it takes, as it says in its greeting. */
const maxBytes = 10 * 1024 * 1024

/**
 * Starts a mail server on loopback that takes every message for every recipient, delivers none, and keeps each as an
 * `.eml` file. It takes only its own credentials, generated once for each data folder.
 */
export async function startMailEmulator(dataFolder: string): Promise<RunningEmulator> {
  const credentials = openStore<Credentials>(join(dataFolder, 'credentials.json'), {
    user: 'remit',
    password: randomBytes(24).toString('base64url'),
  })
  credentials.save()
  const mailbox = openMailbox(join(dataFolder, 'mail'))
  const faults = openMailFaults()
  const smtp = await listen(credentials.state, mailbox, faults, join(dataFolder, 'smtp-port.json'))
  const control = await serveControl(mailbox, faults, join(dataFolder, 'control-port.json'))
  return {
    endpoints: { SMTP_URL: `smtp://127.0.0.1:${smtp.port}` },
    credentials: { SMTP_USER: credentials.state.user, SMTP_PASSWORD: credentials.state.password },
    control: control.url,
    async close() {
      await Promise.all([smtp.close(), control.close()])
    },
  }
}

async function listen(expected: Credentials, mailbox: Mailbox, faults: MailFaults, portFile: string) {
  const sockets = new Map<number, Socket>()
  const server = new SMTPServer({
    banner: 'Remit mail emulator',
    size: maxBytes,
    rejectOversized: true,
    disableReverseLookup: true,
    // There is no certificate that a client should trust; the server never leaves loopback.
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    closeTimeout: 100,
    ...authentication(expected),
    onRcptTo: (_address, _session, reply) => reply(refusalOf(faults)),
    async onData(stream, session, reply) {
      const recipient = session.envelope.rcptTo[0]?.address ?? 'nobody'
      const raw = await buffer(stream)
      if (stream.sizeExceeded) return reply(null)
      const file = mailbox.save(recipient, raw)
      if (faults.take('lost')) sockets.get(session.remotePort)?.destroy()
      else reply(null, `OK: saved as ${file}`)
    },
  })
  // A client that goes away in the middle of a session is nothing to report.
  server.on('error', () => undefined)
  server.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0
    sockets.set(port, socket)
    socket.once('close', () => sockets.delete(port))
  })
  return {
    port: await listenSteadily(server.server, portFile),
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  }
}

function authentication(expected: Credentials): Pick<SMTPServerOptions, 'onAuth'> {
  return {
    onAuth({ username, password }, _session, reply) {
      const right = username === expected.user && same(password ?? '', expected.password)
      reply(right ? null : smtpError(535, 'Authentication failed'), right ? { user: expected.user } : undefined)
    },
  }
}

function refusalOf(faults: MailFaults): Error | null {
  if (faults.take('bounce')) return smtpError(550, 'Mailbox unavailable')
  if (faults.take('defer')) return smtpError(451, 'Try again later')
  return null
}

function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
