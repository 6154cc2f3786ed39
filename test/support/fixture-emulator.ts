import { join } from 'node:path'
import { openStore, runEmulator } from '../../shared/capability/emulator.ts'

await runEmulator({
  start(dataFolder) {
    const store = openStore(join(dataFolder, 'state.json'), { starts: 0 })
    store.state.starts += 1
    store.save()
    console.log('this must not reach stdout')
    const alive = setInterval(() => undefined, 1_000)
    return {
      endpoints: { FIXTURE_URL: 'http://127.0.0.1:9/' },
      credentials: { FIXTURE_TOKEN: `tok_${store.state.starts}` },
      control: 'http://127.0.0.1:9/control',
      close: () => clearInterval(alive),
    }
  },
})
