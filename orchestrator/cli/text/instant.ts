/** A deadline for people: `2026-12-01 14:34:11 UTC`. */
export function instantText(instant: string): string {
  return `${instant.slice(0, 19).replace('T', ' ')} UTC`
}
