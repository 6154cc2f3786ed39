import { parentPort, workerData } from 'node:worker_threads'
import type { Policy } from './enforce/policy/policy.ts'
import { parsePolicy } from './load-policy.ts'
import type { Event } from './model/event.ts'
import { YamlError } from './parse-yaml.ts'
import type { TrialWord, TrialWork } from './policy-trial.ts'
import { trialDocument, tryPolicy } from './run/try-policy.ts'

/** Characters that may be said of all calls: a reason is as long as whoever wrote the rule wants. */
const mostCharacters = 4 * 1024 * 1024

const { policy: given, catalogue } = workerData as TrialWork
const say = (word: TrialWord) => parentPort?.postMessage(word)

/** The policy, or nothing where it was refused. */
function taken(): Policy | undefined {
  if (typeof given !== 'string') return given
  try {
    return parsePolicy(given, 'policy', catalogue)
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    say({ refused: error.issues })
    return undefined
  }
}

const policy = taken()
let characters = 0
if (policy) {
  parentPort?.on('message', (events: readonly Event[]) => {
    const tried = trialDocument(1, tryPolicy(events, { catalogue, policy }))
    characters += JSON.stringify(tried).length
    if (characters > mostCharacters) throw new RangeError('what would be said is too long')
    say({ tried })
  })
  say({ taken: true })
}
