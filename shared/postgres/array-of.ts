/** An array as Postgres reads it in text. The clients do not fetch the server's types, so arrays travel as `${arrayOf(…)}::text[]`. */
export function arrayOf(values: readonly (string | number | null)[]): string {
  const items = values.map((value) =>
    value === null ? 'NULL' : `"${String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  )
  return `{${items.join(',')}}`
}
