/** The bad days of Stripe that can be rehearsed. */
export const faults = {
  flaky: 'answers 503 twice, then fine',
  down: 'answers 503 until cleared',
  lost: 'the next change happens and its reply is lost',
  busy: 'the connection of the next change is lost while it is still under way: its key is refused with 409 until it is done',
  crash: 'the next change happens and is answered 500, which Stripe keeps under its key',
  stalled: 'the next change does not happen and is answered 500, which Stripe keeps under its key',
  limited: 'answers 429 with Retry-After twice, then fine',
  declined: 'declines cards when a subscription is started or renewed, until cleared',
}
