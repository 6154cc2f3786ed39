import { Transform } from 'node:stream'

/** Takes secrets out of a text that comes piece by piece. */
export interface TextScrubber {
  /** What can be passed on now: all but an end that may be the beginning of a secret. */
  push(piece: string): string
  /** The rest. */
  end(): string
}

const instead = '[redacted]'

/**
 * A {@link TextScrubber} for forms of secrets, the longest first, that finds them across pieces too. What cannot be the
 * beginning of a secret is passed on at once, so that a stream of events flows.
 */
export function scrubText(forms: readonly string[]): TextScrubber {
  const longest = forms[0]?.length ?? 0
  let held = ''

  /** From where on the text may be the beginning of a form that is not complete yet. */
  function openEnd(text: string, from: number): number {
    for (let at = Math.max(from, text.length - longest + 1); at < text.length; at += 1) {
      const end = text.slice(at)
      if (forms.some((form) => form.length > end.length && form.startsWith(end))) return at
    }
    return text.length
  }

  function scrub(text: string, whole: boolean): string {
    let clean = ''
    let at = 0
    for (;;) {
      const open = whole ? text.length : openEnd(text, at)
      const found = firstForm(text, forms, at)
      if (!found || found.at >= open) {
        held = text.slice(open)
        return clean + text.slice(at, open)
      }
      clean += text.slice(at, found.at) + instead
      at = found.at + found.length
    }
  }

  return {
    push: (piece) => scrub(held + piece, false),
    end: () => scrub(held, true),
  }
}

function firstForm(text: string, forms: readonly string[], from: number): { at: number; length: number } | undefined {
  let first: { at: number; length: number } | undefined
  for (const form of forms) {
    const at = text.indexOf(form, from)
    // Of two that begin at one place the longer one came first.
    if (at !== -1 && (!first || at < first.at)) first = { at, length: form.length }
  }
  return first
}

/** Scrubs a whole text, such as a header. */
export function scrubWhole(text: string, forms: readonly string[]): string {
  const scrubber = scrubText(forms)
  return scrubber.push(text) + scrubber.end()
}

/** {@link scrubText} for the bytes of a body; each byte stands for one character, so that nothing but the secrets changes. */
export function scrubStream(forms: readonly string[]): Transform {
  const scrubber = scrubText(forms)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, Buffer.from(scrubber.push(chunk.toString('latin1')), 'latin1'))
    },
    flush(done) {
      done(null, Buffer.from(scrubber.end(), 'latin1'))
    },
  })
}
