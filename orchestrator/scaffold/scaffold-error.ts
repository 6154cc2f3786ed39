/** What was asked for cannot be made: the message says what would be right. */
export class ScaffoldError extends Error {
  override readonly name = 'ScaffoldError'
}
