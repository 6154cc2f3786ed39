import { LaunchError } from '../launch-error.ts'

/** Why a jail cannot be used. */
export class JailError extends LaunchError {
  override readonly name = 'JailError'
}
