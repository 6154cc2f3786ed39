/** The bad days of the vendor that can be rehearsed. */
export const faults = {
  down: 'answers 503 until cleared',
  limited: 'answers 429 with Retry-After twice, then fine',
  lost: 'the next change happens and its reply is lost',
  revoked: 'answers 401 until cleared',
}
