/** Work that must not overlap: one piece at a time for each key, in the order in which it is asked for. */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>()

  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const turn = afterwards(this.last.get(key), work)
    this.last.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.last.get(key) === turn) this.last.delete(key)
    }
  }
}

/** How the turn before went is for whoever asked for that one. */
async function afterwards<Result>(before: Promise<unknown> | undefined, work: () => Promise<Result>): Promise<Result> {
  await before?.catch(() => {})
  return work()
}
