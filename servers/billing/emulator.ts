import { runEmulator } from '../../shared/capability/emulator.ts'
import { startStripeEmulator } from './emulator/start.ts'

await runEmulator({ start: startStripeEmulator })
