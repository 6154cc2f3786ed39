import type { Catalogue } from './catalogue.ts'

/** A catalogue that becomes another one while it is used: whoever asks it gets what is reviewed now. */
export interface LiveCatalogue extends Catalogue {
  adopt(next: Catalogue): void
}

export function liveCatalogue(first: Catalogue): LiveCatalogue {
  let now = first
  return {
    get digest() {
      return now.digest
    },
    get servers() {
      return now.servers
    },
    get tools() {
      return now.tools
    },
    get joined() {
      return now.joined
    },
    adopt(next) {
      now = next
    },
  }
}
