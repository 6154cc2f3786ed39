/** A binary heap: `pop` returns the item that comes first by `before`. */
export class PriorityQueue<Item> {
  private readonly heap: Item[] = []
  private readonly before: (a: Item, b: Item) => boolean

  constructor(before: (a: Item, b: Item) => boolean) {
    this.before = before
  }

  push(item: Item): void {
    let at = this.heap.length
    this.heap.push(item)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = this.heap[above]
      if (parent === undefined || !this.before(item, parent)) break
      this.heap[at] = parent
      at = above
    }
    this.heap[at] = item
  }

  pop(): Item | undefined {
    const first = this.heap[0]
    const last = this.heap.pop()
    if (last === undefined || this.heap.length === 0) return first
    let at = 0
    for (;;) {
      const child = this.firstChild(at)
      const item = this.heap[child]
      if (item === undefined || !this.before(item, last)) break
      this.heap[at] = item
      at = child
    }
    this.heap[at] = last
    return first
  }

  private firstChild(at: number): number {
    const left = this.heap[2 * at + 1]
    const right = this.heap[2 * at + 2]
    return left !== undefined && right !== undefined && this.before(right, left) ? 2 * at + 2 : 2 * at + 1
  }
}
