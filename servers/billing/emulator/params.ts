import { z } from 'zod'
import type { Form, FormValue } from './form.ts'
import { isNotEmulated } from './params-of.ts'
import { invalidParameter, type StripeRejection, unsupported } from './stripe-rejection.ts'

/** A whole number, written out. */
export function integer({ min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }) {
  return z
    .string()
    .regex(/^-?\d+$/, 'must be an integer')
    .transform(Number)
    .pipe(z.int().min(min).max(max))
}

/** `true` or `false`, written out. */
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true')

/** Up to 50 keys of 40 characters with values of 500; an empty value takes a key away, an empty whole all of them. */
export const metadata = z.union([
  z.literal(''),
  z
    .record(z.string().max(40), z.string().max(500))
    .refine((value) => Object.keys(value).length <= 50, 'has over 50 keys'),
])
type MetadataChange = z.infer<typeof metadata>

/** Metadata after a change. */
export function changedMetadata(before: Record<string, string>, change: MetadataChange | undefined) {
  if (change === undefined) return before
  if (change === '') return {}
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ''))
}

/** The replies' ids that may be asked for as whole objects: `latest_invoice`, and `data.product` on a list. */
export function expandable(...paths: string[]) {
  return { expand: z.array(z.enum(paths)).optional() }
}

/** An instant in seconds since 1970, or bounds of it, as a test of a time. */
export const created = z.union([
  integer({ min: 0 }).transform((at) => (time: number) => time === at),
  z
    .strictObject({
      gt: integer({ min: 0 }).optional(),
      gte: integer({ min: 0 }).optional(),
      lt: integer({ min: 0 }).optional(),
      lte: integer({ min: 0 }).optional(),
    })
    .transform(({ gt = -1, gte = 0, lt = Number.POSITIVE_INFINITY, lte = Number.POSITIVE_INFINITY }) => {
      return (time: number) => time > gt && time >= gte && time < lt && time <= lte
    }),
])

/** What every list takes. */
export const paging = {
  limit: integer({ min: 1, max: 100 }).default(10),
  starting_after: z.string().optional(),
  ending_before: z.string().optional(),
}

/** Checks parameters; one fault is thrown the way Stripe words it: what is not emulated or not known before the rest. */
export function parseParams<Schema extends z.ZodType>(schema: Schema, form: Form): z.output<Schema> {
  const parsed = schema.safeParse(form)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  const issue = issues.find(isNotEmulated) ?? issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  throw issue ? rejectionOf(issue, form) : new Error('zod refused without an issue')
}

function rejectionOf(issue: z.core.$ZodIssue, form: Form): StripeRejection {
  const path = issue.path.map(String)
  if (isNotEmulated(issue)) return unsupported(`the parameter ${bracketed(path)}=${shown(valueAt(form, path))}`)
  if (path[0] === 'expand') return unsupported(`expanding ${shown(valueAt(form, path))}`)
  if (issue.code === 'unrecognized_keys') {
    const param = bracketed([...path, ...issue.keys.slice(0, 1)])
    return invalidParameter(param, `Received unknown parameter: ${param}`, 'parameter_unknown')
  }
  const param = bracketed(path)
  const value = valueAt(form, path)
  if (value === undefined) return invalidParameter(param, `Missing required param: ${param}.`, 'parameter_missing')
  if (value === '')
    return invalidParameter(param, `You passed an empty string for '${param}'.`, 'parameter_invalid_empty')
  if (issue.code === 'invalid_format' || issue.code === 'too_small' || issue.code === 'too_big') {
    return invalidParameter(param, `Invalid ${param}: ${issue.message}`, 'parameter_invalid_integer')
  }
  return invalidParameter(param, `Invalid ${param}: ${issue.message}`)
}

function shown(value: FormValue | undefined): string {
  return typeof value === 'string' ? value : '…'
}

function bracketed([first = '', ...rest]: string[]): string {
  return first + rest.map((segment) => `[${segment}]`).join('')
}

function valueAt(form: Form, path: string[]): FormValue | undefined {
  let value: FormValue | undefined = form
  for (const segment of path) {
    if (typeof value !== 'object') return undefined
    value = Array.isArray(value) ? value[Number(segment)] : value[segment]
  }
  return value
}
