import { runEmulator } from '../../shared/capability/emulator.ts'
import { startSlackEmulator } from './emulator/start.ts'

await runEmulator({ start: startSlackEmulator })
