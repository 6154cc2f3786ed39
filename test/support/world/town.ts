import type { Catalogue } from '../../../orchestrator/model/catalogue.ts'
import type { Json } from '../../../shared/json.ts'
import { catalogue } from '../rehearsal.ts'
import { houseTools } from './house-tools.ts'
import { type House, houseNames, houses, type Traits } from './houses.ts'
import { makerOf } from './maker.ts'
import { settingOf } from './setting.ts'
import type { Vendor } from './vendor.ts'

/** House → the houses whose things its own is made out of. */
export type Needs = Partial<Record<House, readonly House[]>>

/** The reviewed tools of the town, one server a house. */
export function townCatalogue(needs: Needs): Catalogue {
  return catalogue(
    Object.fromEntries(houseNames.map((house) => [house, houseTools(house, houses[house], needs[house] ?? [])])),
  )
}

/** The fake systems behind {@link townCatalogue}. */
export function townVendors(): Record<string, Vendor> {
  return Object.fromEntries(
    houseNames.map((house) => {
      const traits: Traits = houses[house]
      return [house, traits.effect === 'update' ? settingOf(house) : makerOf(house, traits)]
    }),
  )
}

/** What a goal has to say about the houses: the label that each thing gets, and the value of each setting. */
export function townArguments(): Record<string, Json> {
  return Object.fromEntries(
    houseNames.flatMap((house): [string, Json][] => [
      [`${house}.label`, `the one of ${house}`],
      [`${house}.value`, 'new'],
    ]),
  )
}

/** The tool that establishes what a house is for. */
export function makeToolOf(house: House): string {
  return `${house}.${houses[house].effect === 'update' ? 'set_thing' : 'make_thing'}`
}
