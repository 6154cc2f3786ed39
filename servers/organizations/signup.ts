import { domainToASCII } from 'node:url'
import { z } from 'zod'
import type { Issue } from '../../shared/failure.ts'
import { digest } from '../../shared/json.ts'
import { countryCodes } from './countries.ts'
import { checkSlug } from './slug.ts'

/** What each plan allows. */
export const plans = {
  starter: { seats: 5 },
  team: { seats: 100 },
  business: { seats: 10_000 },
} as const
export type Plan = keyof typeof plans

export const planSchema = z.enum(['starter', 'team', 'business'])
export const seatsSchema = z.int().min(1).max(10_000)
const text = z.string().min(1).max(320)

/**
 * A sign-up as it was submitted. Text is only bounded here: `normalizeSignup` trims and folds it first, so that
 * ` Acme ` is put right and not refused.
 */
export const signupSchema = z.object({
  name: text.describe('Display name of the organization, e.g. Acme GmbH'),
  slug: text.describe('Wanted short name for URLs: 3 to 32 of a-z, 0-9 and "-", starting with a letter'),
  domain: text.describe('Internet domain of the organization, e.g. acme.example').optional(),
  country: text.describe('ISO 3166-1 alpha-2 code, e.g. DE'),
  plan: planSchema.describe('starter has up to 5 seats, team up to 100, business up to 10000'),
  seats: seatsSchema.describe('How many people may use it'),
  admin_name: text.describe('Name of the first administrator'),
  admin_email: text.describe('E-mail address of the first administrator'),
})
export type Signup = z.output<typeof signupSchema>

/** A sign-up that is acceptable, for the examples of tools. */
export const exampleSignup = {
  name: 'Acme GmbH',
  slug: 'acme',
  country: 'DE',
  plan: 'team',
  seats: 25,
  admin_name: 'Ada Lovelace',
  admin_email: 'ada@acme.example',
} satisfies Signup

/** The one spelling of a sign-up: trimmed, Unicode NFC, single spaces, lower-case where case has no meaning. */
export function normalizeSignup({ domain, ...signup }: Signup): Signup {
  return {
    ...signup,
    name: tidy(signup.name),
    slug: tidy(signup.slug).toLowerCase(),
    ...(domain === undefined ? {} : { domain: normalizeDomain(tidy(domain)) }),
    country: tidy(signup.country).toUpperCase(),
    admin_name: tidy(signup.admin_name),
    admin_email: tidy(signup.admin_email).toLowerCase(),
  }
}

/** An internationalized domain becomes its ASCII form; what is no domain at all stays as it is, to be refused by name. */
function normalizeDomain(domain: string): string {
  const bare = domain.toLowerCase().replace(/\.$/, '')
  return domainToASCII(bare) || bare
}

function tidy(value: string): string {
  return value.normalize('NFC').trim().replace(/\s+/g, ' ')
}

/** Every fault of a normalized sign-up. */
export function checkSignup(signup: Signup): Issue[] {
  return [
    ...checkLabel('/name', signup.name),
    ...checkSlug(signup.slug),
    ...(signup.domain === undefined ? [] : checkDomain(signup.domain)),
    ...checkCountry(signup.country),
    ...checkSeats(signup),
    ...checkLabel('/admin_name', signup.admin_name),
    ...checkEmail(signup.admin_email),
  ]
}

/** The digest that ties a creation to what was validated: over every normalized field as wanted, a missing domain as null. */
export function signupDigest(signup: Signup): string {
  return digest({ ...signup, domain: signup.domain ?? null })
}

/** Whether a plan allows that many seats. */
export function checkSeats({ plan, seats }: { plan: Plan; seats: number }): Issue[] {
  const most = plans[plan].seats
  if (seats <= most) return []
  return [{ path: '/seats', message: `the ${plan} plan has at most ${most} seats (got ${seats})` }]
}

/** Whether a name can be shown as it is: 1 to 200 characters, none of them invisible controls. */
export function checkLabel(path: string, value: string): Issue[] {
  if (value === '') return [{ path, message: 'must not be empty' }]
  if (value.length > 200) return [{ path, message: `must have at most 200 characters (got ${value.length})` }]
  if (/\p{Cc}|\p{Cs}/u.test(value)) return [{ path, message: 'must not hold control characters' }]
  return []
}

function checkDomain(domain: string): Issue[] {
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  const isName = domain.length <= 253 && new RegExp(`^(?:${label}\\.)+(?!\\d+$)${label}$`).test(domain)
  return isName ? [] : [{ path: '/domain', message: 'must be a domain name without scheme or path, e.g. acme.example' }]
}

function checkCountry(country: string): Issue[] {
  if (countryCodes.has(country)) return []
  return [{ path: '/country', message: 'must be an ISO 3166-1 alpha-2 code, e.g. DE, US or GB' }]
}

function checkEmail(email: string): Issue[] {
  if (email.length <= 254 && z.email().safeParse(email).success) return []
  return [{ path: '/admin_email', message: 'must be an e-mail address, e.g. ada@acme.example' }]
}
