import { z } from 'zod'
import type { Check } from './run-suite.ts'

/** Scenario → what of it is known not to pass, and why. */
export const expectationsSchema = z.record(
  z.string(),
  z.union([
    z.strictObject({ fails: z.array(z.string()).min(1), because: z.string().min(20) }),
    z.strictObject({ skipped: z.literal(true), because: z.string().min(20) }),
  ]),
)
export type Expectations = z.infer<typeof expectationsSchema>

/** How one scenario ended. */
export interface Verdict {
  scenario: string
  required: boolean
  outcome: 'passed' | 'failed' | 'skipped' | 'missing'
  /** Checks that passed, and the ids of those that did not. */
  passed: number
  failed: string[]
  /** Why it is known not to pass. */
  because?: string
}

/** What a leg of the suite came to, and what about it nobody expected: one sentence each. */
export interface Judgement {
  verdicts: Verdict[]
  surprises: string[]
}

/** The scenarios that a leg is to run. */
export interface Wanted {
  required: readonly string[]
  optional: readonly string[]
}

/**
 * Holds what the suite found against what is expected: everything passes but what is listed, and what is listed fails in
 * just the checks that are listed. A required scenario is never excused, and one in which nothing was checked has not passed.
 */
export function judge(
  wanted: Wanted,
  checks: ReadonlyMap<string, readonly Check[]>,
  expected: Expectations,
): Judgement {
  const verdicts = [
    ...wanted.required.map((scenario) => verdictOn(scenario, true, checks.get(scenario), expected)),
    ...wanted.optional.map((scenario) => verdictOn(scenario, false, checks.get(scenario), expected)),
  ]
  const known = new Set(verdicts.map(({ scenario }) => scenario))
  return {
    verdicts,
    surprises: [
      ...verdicts.flatMap((verdict) => surpriseIn(verdict, expected[verdict.scenario]) ?? []),
      ...Object.keys(expected).flatMap((name) =>
        known.has(name) ? [] : [`${name} is listed, and no scenario is called so`],
      ),
      ...[...checks.keys()].flatMap((name) => (known.has(name) ? [] : [`${name} ran, and nobody asked for it`])),
    ],
  }
}

function verdictOn(
  scenario: string,
  required: boolean,
  checks: readonly Check[] | undefined,
  expected: Expectations,
): Verdict {
  const ids = (status: string) => (checks ?? []).filter((check) => check.status === status).map(({ id }) => id)
  const passed = ids('SUCCESS').length
  const failed = [...new Set(ids('FAILURE'))].sort()
  const outcome = !checks ? 'missing' : failed.length > 0 ? 'failed' : passed > 0 ? 'passed' : 'skipped'
  const because = expected[scenario]?.because
  return { scenario, required, outcome, passed, failed, ...(because !== undefined && { because }) }
}

function surpriseIn({ scenario, required, outcome, failed }: Verdict, expected: Expectations[string] | undefined) {
  if (outcome === 'missing') return `${scenario} did not run`
  if (required && expected) return `${scenario} is required: it cannot be listed as expected to fail`
  if (outcome === 'passed') return expected && `${scenario} passes: take it off the list`
  if (outcome === 'skipped') return expected && 'skipped' in expected ? undefined : `${scenario} checked nothing`
  const excused = expected && 'fails' in expected ? expected.fails : []
  const worse = failed.filter((id) => !excused.includes(id))
  const better = excused.filter((id) => !failed.includes(id))
  if (worse.length > 0) return `${scenario} fails: ${worse.join(', ')}`
  return better.length > 0 ? `${scenario} passes where it was to fail: ${better.join(', ')}` : undefined
}
