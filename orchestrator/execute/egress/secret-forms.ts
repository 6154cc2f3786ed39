/** Shorter values, and shorter pieces of base64, would be found where they mean something else. */
const shortest = 6

/**
 * The ways in which a secret may stand in a text, as bytes in latin1: plain, URL-encoded, as JSON and HTML write it, in
 * hexadecimal, and in base64 wherever it begins in what was encoded. The longest come first.
 */
export function secretForms(secrets: Iterable<string>): string[] {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (secret.length < shortest) continue
    for (const form of formsOf(secret)) if (form.length >= shortest) forms.add(bytesOf(form))
  }
  return [...forms].sort((a, b) => b.length - a.length)
}

function formsOf(secret: string): string[] {
  const hex = Buffer.from(secret).toString('hex')
  const inJson = JSON.stringify(secret).slice(1, -1)
  const inUrl = encodeURIComponent(secret)
  return [
    secret,
    inUrl,
    inUrl.replaceAll('%20', '+'),
    inUrl.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    inJson,
    inJson.replaceAll('/', '\\/'),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    hex,
    hex.toUpperCase(),
    ...base64Forms(secret),
  ]
}

/** Of each alignment, the characters that depend on the secret alone. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    const first = Math.ceil((before * 8) / 6)
    const last = Math.floor(((before + bytes.length) * 8) / 6)
    const inner = encoded.slice(first, last)
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
