import { isJsonObject, type JsonObject } from '../../../shared/json.ts'
import { redactSealed } from '../../model/seal.ts'
import type { Situation } from '../../model/situation.ts'
import { resultOf } from '../../run/result.ts'

/** What exists because of a run that has succeeded, or goes on. A run that failed or is undone says what remains instead. */
export function factsOf(situation: Situation): JsonObject {
  const { finished, compensation } = situation
  const result = redactSealed(finished?.result ?? (compensation ? {} : resultOf(situation)))
  return isJsonObject(result) ? result : {}
}
