import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api'
import { CapabilityError, type FailureKind, notSentFailure, UncertainError } from '../../shared/capability/index.ts'
import { neverSent } from '../../shared/never-sent.ts'

/** Slack's error codes (https://docs.slack.dev/reference/methods) by kind; a code that is not here was a plain "no": `declined`. */
const kinds: Partial<Record<FailureKind, readonly string[]>> = {
  unauthorized: [
    'access_denied',
    'account_inactive',
    'ekm_access_denied',
    'invalid_auth',
    'missing_scope',
    'no_permission',
    'not_allowed_token_type',
    'not_authed',
    'org_login_required',
    'team_access_not_granted',
    'token_expired',
    'token_revoked',
  ],
  not_found: ['channel_not_found', 'message_not_found', 'not_in_channel'],
  invalid_input: [
    'invalid_arguments',
    'invalid_cursor',
    'invalid_limit',
    'invalid_metadata_format',
    'msg_too_long',
    'no_text',
  ],
  rate_limited: ['rate_limited', 'ratelimited'],
  unavailable: ['service_unavailable', 'team_added_to_org'],
}
const kindOf = new Map(
  Object.entries(kinds).flatMap(([kind, codes]) => codes.map((code) => [code, kind as FailureKind])),
)

/** Codes after which, says Slack, "some aspect of the operation" may have succeeded. */
const undecided = new Set(['fatal_error', 'internal_error', 'request_timeout'])

/**
 * Turns an error of Slack's client into a failure. `changes` says whether the request was to change something: only then
 * is a lost reply uncertain. Slack's own text never gets through, only its error code.
 */
export function slackFailure(error: unknown, changes: boolean): CapabilityError | UncertainError {
  if (error instanceof CapabilityError || error instanceof UncertainError) return error
  if (error instanceof WebAPIRateLimitedError) {
    return new CapabilityError('rate_limited', 'Slack asks to wait before the next request.', {
      retry_after_ms: error.retryAfter * 1000,
      cause: error,
    })
  }
  if (error instanceof WebAPIPlatformError) {
    const { error: code } = error.data
    // A body that is not JSON comes out of the client as an "error code" too.
    if (typeof code === 'string' && /^[a-z0-9_]{1,64}$/.test(code)) return fromCode(code, changes, error)
  }
  if (error instanceof WebAPIRequestError && neverSent(error.original)) {
    return new CapabilityError('unavailable', 'Slack cannot be reached; nothing was sent.', { cause: error })
  }
  const refused = error instanceof WebAPIHTTPError && notSentFailure(error.statusCode, error.headers, 'Slack', error)
  if (refused) return refused
  const what = error instanceof WebAPIHTTPError ? `Slack answered ${error.statusCode}` : 'The reply from Slack was lost'
  return lost(what, changes, error)
}

function fromCode(code: string, changes: boolean, cause: WebAPIPlatformError): CapabilityError | UncertainError {
  if (undecided.has(code)) return lost(`Slack answered ${code}`, changes, cause)
  const details = { vendor_code: code, cause }
  const kind = kindOf.get(code) ?? 'declined'
  if (kind === 'rate_limited') {
    const seconds = cause.data.response_metadata?.retryAfter
    return new CapabilityError(kind, 'Slack asks to wait before the next request.', {
      ...details,
      ...(seconds !== undefined && { retry_after_ms: seconds * 1000 }),
    })
  }
  return new CapabilityError(kind, `${explanations[code] ?? 'Slack refused the request'} (${code}).`, details)
}

/** What people need to hear of the commonest refusals. */
const explanations: Partial<Record<string, string>> = {
  channel_not_found: 'Slack knows no such channel, or the app may not see it',
  invalid_auth: 'Slack does not accept the bot token',
  is_archived: 'The channel is archived',
  missing_scope: 'The bot token lacks a scope; grant what the README lists and install the app again',
  not_in_channel: 'The app is not a member of the channel; invite it',
  token_revoked: 'The bot token was revoked; install the app again',
}

function lost(what: string, changes: boolean, cause: unknown): CapabilityError | UncertainError {
  if (!changes) return new CapabilityError('unavailable', `${what}.`, { cause })
  return new UncertainError(`${what}: the change may or may not have been made.`, { cause })
}
