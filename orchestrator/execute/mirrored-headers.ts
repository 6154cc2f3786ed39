import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'

/** Whether arguments of a tool are repeated in headers of a call over HTTP, and by the rules. */
export type Mirroring = 'none' | 'valid' | 'invalid'

const keyword = 'x-mcp-header'
/** RFC 9110, section 5.1. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const types: readonly unknown[] = ['string', 'integer', 'boolean']
/** What stands there is a value, and no schema. */
const values = new Set(['const', 'default', 'enum', 'examples'])

/**
 * Looks for `x-mcp-header` in a tool's input schema (revision 2026-07-28, Streamable HTTP, "Schema Extension"): it names a
 * header, each once, for a string, an integer or a boolean that only `properties` lead to. A client must not offer a tool
 * that breaks these rules.
 */
export function mirroringOf(inputSchema: JsonObject): Mirroring {
  const names = new Set<string>()
  let declared = 0
  // Not by recursion: how deep it is, a stranger says.
  const left: { schema: JsonObject; isReachable: boolean }[] = [{ schema: inputSchema, isReachable: true }]
  for (let at = left.pop(); at; at = left.pop()) {
    const { schema, isReachable } = at
    if (Object.hasOwn(schema, keyword)) {
      const name = schema[keyword]
      const mayStandHere = isReachable && schema !== inputSchema && types.includes(schema.type)
      if (!mayStandHere || typeof name !== 'string' || !token.test(name)) return 'invalid'
      names.add(name.toLowerCase())
      declared += 1
    }
    for (const [key, value] of Object.entries(schema)) {
      if (values.has(key)) continue
      const isProperties = key === 'properties'
      for (const inner of isProperties || maps.has(key) ? valuesOf(value) : [value].flat())
        if (isJsonObject(inner)) left.push({ schema: inner, isReachable: isReachable && isProperties })
    }
  }
  if (names.size < declared) return 'invalid'
  return declared > 0 ? 'valid' : 'none'
}

/** Keywords whose names are names of things, and not of keywords. */
const maps = new Set(['$defs', 'definitions', 'patternProperties', 'dependentSchemas'])

function valuesOf(value: Json | undefined): Json[] {
  return isJsonObject(value) ? Object.values(value) : []
}
