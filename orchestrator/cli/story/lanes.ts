/** The gutter of the timeline: a call in flight holds a lane, so that what runs at the same time stands side by side. */
export class Lanes {
  private readonly lanes: (string | undefined)[] = []
  private width: number

  constructor(width: number) {
    this.width = width
  }

  /** Room for so many lanes, so that the gutter does not shift later. */
  widen(width: number): void {
    this.width = Math.max(this.width, width)
  }

  /** Gives a call the first free lane, and draws its start. */
  open(callId: string): string {
    const free = this.lanes.indexOf(undefined)
    const lane = free === -1 ? this.lanes.length : free
    this.lanes[lane] = callId
    this.widen(lane + 1)
    return this.draw(callId, '╷')
  }

  /** Draws the end of a call, and frees its lane. */
  close(callId: string): string {
    const gutter = this.draw(callId, '╵')
    const lane = this.lanes.indexOf(callId)
    if (lane !== -1) this.lanes[lane] = undefined
    return gutter
  }

  /** All lanes as they are, with `mark` in the lane of one call. */
  draw(callId?: string, mark = '│'): string {
    return Array.from({ length: this.width }, (_, lane) => {
      const holder = this.lanes[lane]
      if (holder === undefined) return ' '
      return holder === callId ? mark : '│'
    }).join('')
  }
}
