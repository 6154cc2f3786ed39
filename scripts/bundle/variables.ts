import type { ServerManifest } from '../../shared/manifest.ts'

/** What a person who installs a server is asked for: one environment variable. */
export interface Variable {
  name: string
  /** For people: `STRIPE_API_KEY` is "Stripe API key". */
  title: string
  description: string
  required: boolean
  secret: boolean
  default?: string
}

/** The variables of a server, in the order of its manifest: endpoints, credentials, settings. */
export function variablesOf({ endpoints, credentials, settings }: ServerManifest): Variable[] {
  const variable = (name: string, description: string, required: boolean, secret = false): Variable => ({
    name,
    title: titleOf(name),
    description,
    required,
    secret,
  })
  return [
    ...Object.entries(endpoints).map(([name, { description, live }]) => ({
      ...variable(name, description, live === undefined),
      ...(live !== undefined && { default: live }),
    })),
    ...Object.entries(credentials).map(([name, { description, optional }]) =>
      variable(name, description, !optional, true),
    ),
    ...Object.entries(settings).map(([name, { description }]) => variable(name, description, false)),
  ]
}

const shortWords = ['API', 'SMTP', 'URL']

function titleOf(name: string): string {
  const words = name.split('_').map((word) => (shortWords.includes(word) ? word : word.toLowerCase()))
  const text = words.join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
