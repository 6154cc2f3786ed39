import { contractOf, type ToolContract } from '../model/catalogue.ts'
import type { Situation } from '../model/situation.ts'
import type { Parts } from './parts.ts'

/** What the journal pinned when the plan was accepted, else what is reviewed now. */
export function contractFor(
  situation: Pick<Situation, 'tools'>,
  id: string,
  { catalogue }: Pick<Parts, 'catalogue'>,
): ToolContract | undefined {
  const reviewed = catalogue.tools.get(id)
  return situation.tools[id] ?? (reviewed && contractOf(reviewed))
}
