import { CapabilityError, UncertainError } from '../../shared/capability/index.ts'

/** What nodemailer attaches to the errors of a connection. */
interface SmtpError extends Error {
  code?: string
  responseCode?: number
  response?: string
}

/** Replies that are about our credentials, not about the message (RFC 4954). */
const authenticationReplies = new Set([530, 534, 535, 538])

/**
 * Turns an error of the SMTP session into a failure. It branches on the reply's number, because nodemailer's `code` is
 * the same for a bounce and a deferral. `handedOver` says whether the message's own bytes had started to travel: until
 * then a lost connection proves that nothing was sent, after that nobody can know.
 */
export function smtpFailure(error: unknown, handedOver: boolean): CapabilityError | UncertainError {
  const { code, responseCode, response } = error as SmtpError
  if (responseCode !== undefined) return fromReply(responseCode, response ?? '', error)
  if (code === 'EAUTH') {
    return new CapabilityError('unauthorized', 'The mail server takes none of the ways to sign in that were offered.', {
      cause: error,
    })
  }
  if (handedOver) {
    return new UncertainError(
      'The connection was lost while the mail server was taking the message: it may or may not have been accepted.',
      { cause: error },
    )
  }
  return new CapabilityError('unavailable', 'The mail server cannot be reached; nothing was sent.', { cause: error })
}

/** A failure for a reply; the server's own words stay out of it, its numbers (`550 5.1.1`) are kept. */
function fromReply(reply: number, text: string, cause: unknown): CapabilityError {
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1]
  const shown = enhanced ? `${reply} ${enhanced}` : String(reply)
  const details = { vendor_code: String(reply), cause }
  if (authenticationReplies.has(reply)) {
    return new CapabilityError('unauthorized', `The mail server refused the credentials (${shown}).`, details)
  }
  // 503 speaks of the session's state, not of the message: a new session may well be served.
  if (reply >= 500 && reply !== 503) {
    return new CapabilityError('declined', `The mail server refused the message for good (${shown}).`, details)
  }
  // 4.7.x is policy (greylisting, throttling); 4.5.3 is "too many recipients". Both ask for patience.
  if (enhanced?.startsWith('4.7.') || enhanced === '4.5.3') {
    return new CapabilityError('rate_limited', `The mail server asks to try again later (${shown}).`, details)
  }
  return new CapabilityError(
    'unavailable',
    `The mail server deferred the message (${shown}); nothing was sent.`,
    details,
  )
}
