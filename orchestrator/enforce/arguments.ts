import type { Issue } from '../../shared/failure.ts'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import { formatPointer, parsePointer } from '../../shared/json-pointer.ts'
import { compileSchema } from '../../shared/json-schema.ts'
import { didYouMean } from '../../shared/nearest-name.ts'
import type { Tool } from '../model/catalogue.ts'
import { covers, sealedIn } from './sensitive.ts'

/**
 * The last look at arguments before a call is intended: all references are resolved, so everything is judged by the tool's
 * schema, by path. A sealed leaf is taken at its word where the field is marked sensitive, and refused anywhere else.
 */
export function checkArguments(tool: Pick<Tool, 'id' | 'input' | 'marks'>, args: JsonObject): Issue[] {
  const sealed = sealedIn(args)
  const leaks = sealed.filter((pointer) => !covers(tool.marks.input.sensitive, parsePointer(pointer)))
  return [
    ...compileSchema(tool.input)(args, sealed),
    ...unknownArguments(tool, args),
    ...leaks.map((path) => ({ path, message: leaksInto(tool.id) })),
  ]
}

/** Arguments that the tool does not name. A schema that says nothing of further properties would let a misspelt one pass. */
export function unknownArguments({ id, input }: Pick<Tool, 'id' | 'input'>, args: JsonObject): Issue[] {
  const { properties, additionalProperties } = input
  if (!isJsonObject(properties) || additionalProperties !== undefined) return []
  return Object.keys(args)
    .filter((name) => !Object.hasOwn(properties, name))
    .map((name) => ({
      path: formatPointer([name]),
      message: `${id} takes no such argument${didYouMean(name, Object.keys(properties))}`,
    }))
}

/** Why a sensitive value may not stand in a field that would show it. */
export function leaksInto(tool: string): string {
  return `a sensitive value may not be given here: ${tool} does not mark this field as sensitive`
}
