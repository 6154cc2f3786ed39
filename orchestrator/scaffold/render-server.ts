import { capitalized, pluralOf, type ServerNames } from './server-names.ts'
import { tidyImports } from './tidy-imports.ts'

/** Files by their path in a folder. */
export type Files = ReadonlyMap<string, string>

/** Whether servers import the kit from the package, as in a project of one's own, or from the checkout that they are a part of. */
export type KitFrom = 'package' | 'checkout'

/** The kit's modules, as the package exports them. */
const exported: Readonly<Record<string, string>> = {
  index: 'remit/capability',
  emulator: 'remit/capability/emulator',
  testing: 'remit/capability/testing',
}

/** The files of a new server, from those of the template: a server named `warehouse` whose things are parcels. */
export function renderServer(template: Files, names: ServerNames, kitFrom: KitFrom): Files {
  const words = wordsOf(names)
  const anyWord = new RegExp(Object.keys(words).join('|'), 'g')
  return new Map(
    [...template].map(([path, text]) => {
      const renamed = text.replaceAll(anyWord, (word) => words[word] ?? word)
      return [path, kitFrom === 'package' && path.endsWith('.ts') ? importingPackage(renamed) : renamed]
    }),
  )
}

/** The longer words first: the shorter begin them. */
function wordsOf({ name, thing, title }: ServerNames): Record<string, string> {
  return {
    warehouse: name,
    Warehouse: title,
    WAREHOUSE: name.toUpperCase(),
    parcels: pluralOf(thing),
    Parcels: capitalized(pluralOf(thing)),
    parcel: thing,
    Parcel: capitalized(thing),
  }
}

function importingPackage(text: string): string {
  const kit = /'(?:\.\.\/)+shared\/capability\/(\w+)\.ts'/g
  return tidyImports(
    text.replaceAll(kit, (path, module: string) => (exported[module] ? `'${exported[module]}'` : path)),
  )
}
