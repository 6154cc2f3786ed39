/** Why a server is not started now, in words for people that follow "was not started: ". It is tried again later. */
export class LaunchError extends Error {
  override readonly name: string = 'LaunchError'
}
