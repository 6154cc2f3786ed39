import { runEmulator } from '../../shared/capability/emulator.ts'
import { startEmulator } from './emulator/start.ts'

await runEmulator({ start: startEmulator })
