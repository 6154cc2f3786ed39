import { isJsonObject, type Json, type JsonObject } from './json.ts'

/** A document changed by a JSON Merge Patch (RFC 7396): members are merged, `null` removes one, anything else replaces. */
export function mergePatch(document: Json, patch: JsonObject): JsonObject {
  const merged: JsonObject = isJsonObject(document) ? { ...document } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = isJsonObject(value) ? mergePatch(merged[name] ?? {}, value) : value
  }
  return merged
}
