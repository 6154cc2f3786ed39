import { isJsonObject, type Json } from '../../shared/json.ts'

/** Takes known secrets out of text that people, logs or models may see. */
export type Scrub = (text: string) => string

const shortestInMessages = 4

/**
 * A {@link Scrub} that replaces each of the given values, in plain or URL-encoded form, by `[redacted]`. Values under
 * `shortest` characters are left: they are found in words that mean something else.
 */
export function scrubber(secrets: Iterable<string>, shortest = shortestInMessages): Scrub {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (secret.length < shortest) continue
    forms.add(secret)
    forms.add(encodeURIComponent(secret))
  }
  // Longest first, so that a secret which holds another one goes as a whole.
  const ordered = [...forms].sort((a, b) => b.length - a.length)
  return (text) => ordered.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text)
}

/** A copy of a JSON value with every string, keys included, scrubbed. */
export function scrubJson(value: Json, scrub: Scrub): Json {
  if (typeof value === 'string') return scrub(value)
  if (Array.isArray(value)) return value.map((item) => scrubJson(item, scrub))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [scrub(key), scrubJson(item, scrub)]))
}

/** Every string in a JSON value. */
export function stringsIn(value: Json): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(stringsIn)
  return isJsonObject(value) ? Object.values(value).flatMap(stringsIn) : []
}
