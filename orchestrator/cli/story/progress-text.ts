import type { Progress } from '../../model/call.ts'

/** How far a long call is, and what it says of that: `Create the database (2/6)`. */
export function progressText({ done, total, message }: Progress): string {
  const share = total === undefined ? '' : ` (${done}/${total})`
  return `${message ?? `${done}`}${message === undefined && total !== undefined ? `/${total}` : share}`
}
