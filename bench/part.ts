import type { Report } from './report.ts'
import type { Stage } from './stage.ts'

/** One part of the bench, which can be run alone. */
export interface Part {
  name: string
  /** One line for who asks what there is. */
  about: string
  run(stage: Stage, options: BenchOptions): Promise<Report>
}

export interface BenchOptions {
  /** Few rounds and small sizes: shows that it works, and measures nothing that one could rely on. */
  quick: boolean
  /** Where the plans of other benchmarks lie. */
  plansFolder: string
}
