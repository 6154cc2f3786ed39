import { digest, type JsonObject } from '../../../shared/json.ts'
import { type Answer, fail } from './vendor.ts'

/** The answers that a vendor keeps by idempotency key, and for how long. */
export class KeptAnswers {
  private readonly kept = new Map<string, { until: number; asked: string; answer: Answer }>()

  /** The answer that is kept under the key, else a new one, which is kept from then on. */
  answerOnce(
    { key, args, now, keptMs }: { key: string; args: JsonObject; now: number; keptMs: number },
    perform: () => Answer,
  ): Answer {
    const asked = digest(args)
    const known = this.kept.get(key)
    if (known && known.until > now) {
      return known.asked === asked ? known.answer : fail('conflict', 'This key came with other arguments before.')
    }
    const answer = perform()
    this.kept.set(key, { until: now + keptMs, asked, answer })
    return answer
  }
}
