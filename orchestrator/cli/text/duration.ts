/** A length of time for people: `21 ms`, `1.24 s`, `2 min 05 s`, `3 h 10 min`. */
export function duration(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < 1000) return `${whole} ms`
  if (whole < 59_995) return `${(whole / 1000).toFixed(2)} s`
  const seconds = Math.round(whole / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`
}

/** How long something is over, in one unit: `6 s ago`, `12 min ago`, `3 h ago`, `5 d ago`. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`
}

/** A point in time after a start, for a column: `0.021s`, `12.300s`, `2:05`, `3:10:00`. */
export function elapsed(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < 60_000) return `${(whole / 1000).toFixed(3)}s`
  const seconds = Math.floor(whole / 1000)
  const clock = `${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}`
  return seconds < 3600 ? clock.replace(/^0/, '') : `${Math.floor(seconds / 3600)}:${clock}`
}

/** Milliseconds between two instants in RFC 3339. */
export function between(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from)
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
