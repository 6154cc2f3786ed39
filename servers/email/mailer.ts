import { createHash } from 'node:crypto'
import addressparser from 'nodemailer/lib/addressparser'
import MailComposer from 'nodemailer/lib/mail-composer'
import { CapabilityError, UncertainError } from '../../shared/capability/index.ts'
import { type Acceptance, type Delivery, type DeliveryQuery, openOutbox, type Refusal } from './outbox.ts'
import { type SmtpEndpoint, transmit } from './smtp-client.ts'

/** A message to send; the mailer adds sender, date and Message-ID. */
export interface Message {
  to: { name?: string; address: string }
  subject: string
  text: string
  html?: string
  /** The organization that the message is about, by which {@link Mailer.find} can look for it. */
  organizationId?: string
}

/** What the mailer knows of a message that the mail server took. */
export type Sent = Acceptance & { messageId: string }

/** The call that a message is sent for. */
export interface Sending {
  key: string
  runId: string
  signal: AbortSignal
}

/** Sends each key's message at most once, by the outbox. */
export interface Mailer {
  /**
   * Answers the recorded result, and sends nothing, where the key's message was accepted before. Throws `UncertainError`
   * where an earlier attempt may have gone out, `conflict` where the key stands for another message.
   */
  send(message: Message, sending: Sending): Promise<Sent>
  find(query: DeliveryQuery): Delivery | undefined
  close(): void
}

/** Opens the outbox in the data folder; the mail server is contacted for each message, not before. */
export function openMailer(endpoint: SmtpEndpoint, from: string, dataFolder: string): Mailer {
  const outbox = openOutbox(dataFolder)
  const senderDomain = addressparser(from, { flatten: true })[0]?.address.split('@')[1] ?? 'remit.example'
  return {
    async send(message, { key, runId, signal }) {
      const messageId = messageIdOf(key, senderDomain)
      const composed = await compose(message, from, messageId)
      const digest = sha256(JSON.stringify([message.to, message.subject, message.text, message.html]))
      const earlier = outbox.begin({
        key,
        digest,
        runId,
        messageId,
        recipient: message.to.address,
        subject: message.subject,
        organizationId: message.organizationId,
      })
      if (earlier) return resultOf(earlier, digest)
      try {
        const receipt = await transmit(endpoint, { ...composed, to: message.to.address }, signal)
        const acceptance = { ...receipt, file: savedFile(receipt.response) }
        outbox.accept(key, acceptance)
        return { messageId, ...acceptance }
      } catch (error) {
        if (error instanceof CapabilityError) outbox.refuse(key, refusalOf(error))
        throw error
      }
    },
    find: (query) => outbox.find(query),
    close: () => outbox.close(),
  }
}

/** The same for every attempt under one key, so that a receiving server that compares Message-IDs drops a repeat. */
function messageIdOf(key: string, domain: string): string {
  return `<${sha256(key).slice(0, 32)}@${domain}>`
}

async function compose({ to, subject, text, html }: Message, from: string, messageId: string) {
  const message = new MailComposer({
    from,
    to: { name: to.name ?? '', address: to.address },
    subject,
    text,
    ...(html !== undefined && { html }),
    messageId,
    // Tells vacation responders and ticket systems not to answer (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile()
  const { from: sender } = message.getEnvelope()
  if (!sender) throw new CapabilityError('internal', 'EMAIL_FROM holds no e-mail address to send from.')
  return { from: sender, raw: await message.build() }
}

function resultOf(earlier: Delivery, digest: string): Sent {
  if (earlier.digest !== digest) {
    throw new CapabilityError('conflict', 'This idempotency key already stands for another message; nothing was sent.')
  }
  if (earlier.status === 'accepted') return earlier
  throw new UncertainError(
    'An earlier attempt handed this message to the mail server and never heard back: it may have been sent. Nothing was sent now.',
  )
}

function refusalOf({ failure }: CapabilityError): Refusal {
  const reply = failure.vendor_code
  if (failure.kind === 'declined') return { state: 'bounced', reply }
  return { state: reply?.startsWith('4') ? 'deferred' : 'unsent', reply }
}

/** Some servers, Remit's emulator among them, tell where they put the message: `250 … saved as <path>`. */
function savedFile(response: string): string | undefined {
  return /\bsaved as (\S.*\.eml)$/.exec(response.trim())?.[1]
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
