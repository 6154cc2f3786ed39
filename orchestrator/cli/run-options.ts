import { didYouMean } from '../../shared/nearest-name.ts'
import { type Budget, budgetSchema } from '../model/goal.ts'
import { InputError, type OpenOptions } from './remit.ts'

/** The faults of `--fault NAME=MODE…`. Throws {@link InputError} for what is none, and for two modes of one. */
export function faultsOf(given: readonly string[]): Pick<OpenOptions, 'faults'> {
  if (given.length === 0) return {}
  const faults: Record<string, string> = {}
  for (const text of given) {
    const [, name, mode] = /^([a-z][a-z0-9_-]*)=([a-z][a-z0-9_-]*)$/.exec(text) ?? []
    if (name === undefined || mode === undefined)
      throw new InputError(`--fault: "${text}" is not a fault; write NAME=MODE, such as billing=flaky`)
    if (faults[name] !== undefined) throw new InputError(`--fault: ${name} is given twice; it has one mode at a time`)
    faults[name] = mode
  }
  return { faults }
}

/** What `--budget NAME=VALUE…` puts in the place of a goal's own limits. Throws {@link InputError} for what is no limit, or no value of one. */
export function budgetOf(given: readonly string[]): Partial<Budget> {
  const budget: Partial<Budget> = {}
  for (const text of given) {
    const [name = '', value, ...rest] = text.split('=')
    if (value === undefined || rest.length > 0)
      throw new InputError(`--budget: "${text}" is no limit; write NAME=VALUE, such as tool_calls=50`)
    if (!isLimit(name))
      throw new InputError(
        `--budget: there is no limit ${name}${didYouMean(name, limits) || `; there are ${limits.join(', ')}`}`,
      )
    if (budget[name] !== undefined) throw new InputError(`--budget: ${name} is given twice`)
    const checked = budgetSchema.shape[name].safeParse(value.trim() === '' ? Number.NaN : Number(value))
    if (!checked.success)
      throw new InputError(
        `--budget: ${name} cannot be ${value}: ${checked.error.issues[0]?.message ?? 'not a number'}`,
      )
    budget[name] = checked.data
  }
  return budget
}

const limits = Object.keys(budgetSchema.shape)

function isLimit(name: string): name is keyof Budget {
  return Object.hasOwn(budgetSchema.shape, name)
}
