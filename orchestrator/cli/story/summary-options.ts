import type { Situation } from '../../model/situation.ts'
import type { Place } from './place.ts'

/** What the end of a story is written with. */
export interface SummaryOptions {
  columns: number
  /** How `remit` is typed. */
  command: string
  /** The run's own place. */
  place: Place
  /** Files are shown relative to this folder. */
  folder: string
  /** The runs of sub-goals by id, as far as they were read. */
  situations: ReadonlyMap<string, Situation>
}
