import { CapabilityError } from '../failure.ts'

/** In an answer of a jail's door, not of the vendor: nothing of the request went out, so it has provably done nothing. */
export const notSentHeader = 'remit-not-sent'

/** The failure that such an answer stands for; undefined where the vendor answered. */
export function notSentFailure(
  status: number | undefined,
  headers: unknown,
  vendor: string,
  cause: unknown,
): CapabilityError | undefined {
  if (typeof headers !== 'object' || headers === null || !(notSentHeader in headers)) return undefined
  if (status === 403)
    return new CapabilityError(
      'internal',
      `The request to ${vendor} is none that this tool may make; nothing was sent.`,
      {
        cause,
      },
    )
  return new CapabilityError('unavailable', `${vendor} cannot be reached; nothing was sent.`, { cause })
}
