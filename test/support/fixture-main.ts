import { serve } from '../../shared/capability/index.ts'
import { server } from './fixture-server.ts'

await serve(server)
