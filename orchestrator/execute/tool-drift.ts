import { digest, isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import { formatPointer } from '../../shared/json-pointer.ts'
import { type FingerprintedTool, fingerprint, type ToolManifest } from '../../shared/manifest.ts'
import { unsound } from './sound-json.ts'

/** What differs between a tool as it was reviewed and as the running server tells it, in words; undefined where nothing does. */
export function driftOf(reviewed: ToolManifest, told: readonly FingerprintedTool[]): string | undefined {
  const [live, another] = told
  if (!live) return 'the running server does not offer it'
  if (another) return 'the running server offers it twice'
  const { inputSchema, outputSchema, annotations } = live
  if (unsound([inputSchema, outputSchema, annotations], deepest) !== undefined) return unreadable
  try {
    if (fingerprint(live) === reviewed.fingerprint) return undefined
    const parts = [
      ...((live.description ?? '') === reviewed.description ? [] : ['its description']),
      ...schemaDrift('its input', reviewed.input, live.inputSchema),
      ...schemaDrift('its output', reviewed.output, live.outputSchema),
      ...schemaDrift('its annotations', reviewed.annotations, live.annotations ?? {}),
    ]
    return `the running server changed ${parts.length === 0 ? 'it' : parts.join(', ')}`
  } catch {
    return unreadable
  }
}

/** Why a tool that cannot be read differs: nobody can accept it. */
export const unreadable = 'what the running server says of it cannot be read'
/** Levels that a tool's definition may have. */
const deepest = 100
const mostPointers = 3
const mostSegments = 6

function schemaDrift(what: string, reviewed: JsonObject | undefined, live: JsonObject | undefined): string[] {
  if (!reviewed || !live) return !reviewed === !live ? [] : [what]
  const [a, b] = [bare(reviewed), bare(live)]
  if (digest(a) === digest(b)) return []
  const pointers = differences(a, b, [])
  const shown = pointers.slice(0, mostPointers).join(', ')
  const more = pointers.length > mostPointers ? ', …' : ''
  return [shown === '' ? what : `${what} (${shown}${more})`]
}

function bare({ $schema: _, ...schema }: JsonObject): JsonObject {
  return schema
}

/** Where two values differ. Names that are not plain words are the server's own prose: they are not repeated. */
function differences(a: Json | undefined, b: Json | undefined, path: string[]): string[] {
  if (isJsonObject(a) && isJsonObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
    return keys.flatMap((key) => differences(own(a, key), own(b, key), [...path, key])).slice(0, mostPointers + 1)
  }
  if (JSON.stringify(a) === JSON.stringify(b)) return []
  const shown = path.slice(0, mostSegments).map((name) => (/^[\w$.-]{1,64}$/.test(name) ? name : '…'))
  return [formatPointer(path.length > mostSegments ? [...shown, '…'] : shown)]
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
