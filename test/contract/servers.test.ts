import { join } from 'node:path'
import { server as template } from '../../templates/server/server.ts'
import { contractDatabase } from '../support/contract-database.ts'
import { fixtureSubject } from '../support/fixture-subject.ts'
import { root } from '../support/remit-command.ts'
import { describeContract, testContract } from './suite/contract.ts'
import { environmentFor } from './suite/subjects.ts'

const folder = join(root, 'templates', 'server')

describeContract(fixtureSubject)
describeContract({
  server: template,
  cwd: root,
  script: join(folder, 'main.ts'),
  folder,
  environment: environmentFor(template),
})
await testContract(root, { database: contractDatabase })
