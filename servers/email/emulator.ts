import { runEmulator } from '../../shared/capability/emulator.ts'
import { startMailEmulator } from './emulator/start.ts'

await runEmulator({ start: startMailEmulator })
