/** Why a jail cannot be used, for people: it goes into what is told of the server. */
export class JailError extends Error {
  override readonly name = 'JailError'
}
