import { serve } from '../../shared/capability/index.ts'
import { server } from './server.ts'

await serve(server)
