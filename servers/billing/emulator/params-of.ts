import { z } from 'zod'

type NameOf<Params> = Extract<keyof Params, string>

/** The names of Stripe's that are neither emulated nor known to be missing; there must be none. */
type Overlooked<Params, Shape, Missing> = [Exclude<NameOf<Params>, keyof Shape | Missing>] extends [never]
  ? unknown
  : { overlooked: Exclude<NameOf<Params>, keyof Shape | Missing> }

/**
 * The parameters of a request, held against the SDK's type of them: `shape` has those that are emulated and `missing` all
 * others that Stripe has. So what Stripe knows and the emulator does not is answered `emulator_unsupported`, what neither
 * knows `parameter_unknown`, and a parameter that a later SDK brings along does not compile until it is one of the two.
 */
export function paramsOf<Params>() {
  return <Shape extends Readonly<Record<string, z.ZodType>>, const Missing extends NameOf<Params> = never>(
    shape: Shape & { [Name in Exclude<keyof Shape, NameOf<Params>>]: never } & Overlooked<Params, Shape, Missing>,
    ...missing: Missing[]
  ): z.ZodObject<Shape, z.core.$strict> => {
    const refused = Object.fromEntries(missing.map((name) => [name, notEmulated]))
    return z.strictObject({ ...shape, ...refused }) as unknown as z.ZodObject<Shape, z.core.$strict>
  }
}

/** One of Stripe's values that the emulator does, told from `others` of Stripe's that it does not. */
export function choice<const Value extends string>(values: readonly [Value, ...Value[]], ...others: string[]) {
  return z
    .enum([...values, ...others])
    .refine((value) => !others.includes(value), { params: mark })
    .transform((value) => value as Value)
}

/** Whether a fault is only the emulator's: Stripe would have taken the value. */
export function isNotEmulated(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'custom' && issue.params?.emulated === false
}

const mark = { emulated: false }
const notEmulated = z.custom<never>(() => false, { params: mark }).optional()
