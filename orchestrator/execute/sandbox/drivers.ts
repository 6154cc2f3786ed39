import { bwrapDriver } from './bwrap.ts'
import type { SandboxDriver } from './driver.ts'
import { nodePermissionDriver } from './node-permission.ts'
import { noDriver } from './none.ts'
import { srtDriver } from './srt/srt.ts'

/** Every driver there is, each of which finds out once whether it works here. */
export function allDrivers(): SandboxDriver[] {
  return [noDriver, nodePermissionDriver(), srtDriver(), bwrapDriver()]
}
