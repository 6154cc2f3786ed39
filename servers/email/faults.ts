/** The bad days of a mail server that can be rehearsed. */
export const faults = {
  bounce: 'answers every recipient 550 until cleared',
  defer: 'answers 451 twice, then fine',
  lost: 'takes the next message and drops the connection before saying so',
}
