import fc from 'fast-check'
import { type Fault, type FaultPlan, faults } from './fault.ts'
import { type House, houseNames, houses, type Traits } from './houses.ts'
import type { Crash } from './pursue-mortally.ts'
import type { Story } from './story.ts'
import { makeToolOf } from './town.ts'

/** Random stories of up to six houses, in a random order of what needs what, in which anything may go wrong. */
export function stories(reasoner: Story['reasoner']): fc.Arbitrary<Story> {
  return fc
    .record({
      chosen: fc.shuffledSubarray(houseNames, { minLength: 1, maxLength: 6 }),
      parts: fc.tuple(...houseNames.map(partOf)),
      cancelAtCall: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 3 }),
      answers: fc.array(fc.nat(3), { maxLength: 3 }),
      crashes: fc.oneof(fc.constant([]), fc.array(crash, { minLength: 1, maxLength: 3 })),
      budget: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, tightBudget),
    })
    .map(({ chosen, parts, cancelAtCall, answers, budget, crashes }) => {
      const partsOf = new Map(parts.map((part) => [part.house, part]))
      const playing = chosen.flatMap((house) => partsOf.get(house) ?? [])
      const earlier = (index: number, some: readonly boolean[]) => chosen.slice(0, index).filter((_, at) => some[at])
      const wanted = playing.filter(({ isOutcome }, index) => isOutcome || index === playing.length - 1)
      return {
        reasoner,
        outcomes: Object.fromEntries(wanted.map(({ house, onFailure }) => [house, onFailure])),
        needs: Object.fromEntries(playing.map(({ house, needs }, index) => [house, earlier(index, needs)])),
        after: Object.fromEntries(playing.map(({ house, after }, index) => [house, earlier(index, after)])),
        faults: Object.assign({}, ...playing.map((part) => part.faults)),
        answers,
        budget,
        crashes,
        ...(cancelAtCall !== null && { cancelAtCall }),
      }
    })
}

const crash = fc.record<Crash>({
  at: fc.integer({ min: 1, max: 40 }),
  how: fc.constantFrom('dead', 'dozing', 'asleep'),
  downtimeMs: fc.constantFrom(0, 1_000, 15_000, 60_000),
})

/** One limit that a run of this size runs into. */
const tightBudget = fc.constantFrom<Story['budget'][]>(
  { concurrency: 1 },
  { concurrency: 2 },
  { tool_calls: 2 },
  { tool_calls: 5 },
  { compensation_calls: 0 },
  { compensation_calls: 2 },
  { wall_clock_s: 5 },
  { revisions: 1 },
)

/** What a house has to do with a story: whether it is wanted, which of the houses before it it needs, and what goes wrong there. */
function partOf(house: House) {
  const some = fc.array(fc.boolean(), { maxLength: 5 })
  return fc.record({
    house: fc.constant(house),
    isOutcome: fc.boolean(),
    onFailure: fc.constantFrom('undo' as const, 'wait' as const, 'accept' as const),
    needs: some,
    after: some,
    // Houses where nothing goes wrong, too: else hardly a run would succeed.
    faults: fc.oneof(fc.constant<FaultPlan>({}), faultsOf(house)),
  })
}

function faultsOf(house: House): fc.Arbitrary<FaultPlan> {
  const { effect, undo, lookup }: Traits = houses[house]
  const undoTool = effect === 'update' ? 'reset_thing' : 'remove_thing'
  const plain = faults.filter((fault) => fault !== 'unsatisfied' && fault !== 'half')
  return fc.record({
    [makeToolOf(house)]: planned(mishapsOf(house)),
    ...(undo && { [`${house}.${undoTool}`]: planned(plain) }),
    ...(lookup && { [`${house}.find_thing`]: planned(plain) }),
  })
}

function planned(of: readonly Fault[]) {
  return fc.record({
    calls: fc.array(fc.option(fc.constantFrom(...of), { freq: 3, nil: undefined }), { maxLength: 3 }),
    always: fc.boolean(),
  })
}

/** Only what a tool's `expect` judges can be done badly, and only what a repeat mends can be half-made. */
function mishapsOf(house: House): Fault[] {
  const { expect, idempotency, effect }: Traits = houses[house]
  return faults.filter(
    (fault) =>
      (fault !== 'unsatisfied' || expect) && (fault !== 'half' || (idempotency === 'natural' && effect === 'create')),
  )
}
