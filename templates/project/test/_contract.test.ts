import { join } from 'node:path'
import { testContract } from 'remit/contract'

await testContract(join(import.meta.dirname, '..'))
