import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { smtpFailure } from './smtp-failure.ts'

/** Where messages are handed in. */
export interface SmtpEndpoint {
  /** `smtp://host:port`, or `smtps://` for TLS from the first byte. */
  url: string
  /** Its name, when the URL leads to a door of a jail: what its certificate has to be for. */
  name?: string | undefined
  credentials?: { user: string; password: string } | undefined
}

/** A complete message and its envelope. */
export interface Envelope {
  from: string
  to: string
  raw: Buffer
}

/** The mail server's word that it took the message. */
export interface Receipt {
  accepted: string[]
  /** The server's last reply, at most 500 characters. */
  response: string
}

/**
 * Hands one message to the mail server over a connection of its own. The connection is driven step by step, rather than
 * through a nodemailer transport, because only so is it known whether a lost connection came before or after the first
 * byte of the message.
 */
export async function transmit(endpoint: SmtpEndpoint, envelope: Envelope, signal: AbortSignal): Promise<Receipt> {
  const connection = new SMTPConnection(connectionOptions(endpoint))
  let handedOver = false
  // SMTPConnection pulls from the stream only once the server has said "354, go ahead".
  const message = Readable.from(
    (function* () {
      handedOver = true
      yield envelope.raw
    })(),
  )
  try {
    return await new Promise<Receipt>((resolve, reject) => {
      connection.on('error', reject)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      signal.throwIfAborted()
      const send = () =>
        connection.send({ from: envelope.from, to: [envelope.to] }, message, (error, info) => {
          if (error) return reject(error)
          resolve({ accepted: info.accepted, response: info.response.slice(0, 500) })
        })
      connection.connect((error) => {
        if (error) return reject(error)
        const { credentials } = endpoint
        if (!credentials || !connection.allowsAuth) return send()
        connection.login({ credentials: { user: credentials.user, pass: credentials.password } }, (refusal) =>
          refusal ? reject(refusal) : send(),
        )
      })
    })
  } catch (error) {
    throw smtpFailure(error, handedOver)
  } finally {
    connection.close()
  }
}

function connectionOptions({ url, name, credentials }: SmtpEndpoint) {
  const { protocol, hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const secure = protocol === 'smtps:'
  const real = name ?? host
  const loopback = real === 'localhost' || real === '::1' || real.startsWith('127.')
  return {
    host,
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    ...(isIP(real) === 0 && { tls: { servername: real } }),
    // A password never crosses a network in the clear.
    requireTLS: !secure && !loopback && credentials !== undefined,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  }
}
