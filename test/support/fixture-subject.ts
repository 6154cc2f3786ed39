import { join } from 'node:path'
import type { Subject } from '../contract/suite/subjects.ts'
import { fixtureEnvironment, server } from './fixture-server.ts'
import { root } from './remit-command.ts'

/** The fixture, which shows that each contract can hold. */
export const fixtureSubject: Subject = {
  server,
  cwd: root,
  script: join(root, 'test/support/fixture-main.ts'),
  environment: fixtureEnvironment,
}
