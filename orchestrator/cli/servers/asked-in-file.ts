import { resolve } from 'node:path'
import type { Issue } from '../../../shared/failure.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import { formatPointer } from '../../../shared/json-pointer.ts'

/** What a person grants, by options. */
export interface Granted {
  read: readonly string[]
  write: readonly string[]
  egress: readonly string[]
}

/**
 * What a file that describes a stranger's server asks for and may not have, by its paths: what would run outside the jail, and
 * grants that no person gave, for the server is started before anybody is shown anything. Paths count from `folder`.
 */
export function refusedInFile(given: JsonObject, granted: Granted, folder: string): Issue[] {
  const jail = isJsonObject(given.jail) ? given.jail : {}
  const place = (path: string) => resolve(folder, path)
  const ungranted = (path: string[], asked: Json | undefined, option: string, has: (value: string) => boolean) =>
    textsIn(asked).flatMap((value, index) =>
      has(value)
        ? []
        : [
            {
              path: formatPointer([...path, index]),
              message: `${option} ${value} has to grant it, on the command line`,
            },
          ],
    )
  return [
    ...notForStrangers.flatMap(({ path, why }) =>
      valueAt(given, path) === undefined ? [] : [{ path: formatPointer(path), message: why }],
    ),
    ...ungranted(['jail', 'read'], jail.read, '--read', (path) => granted.read.map(place).includes(place(path))),
    ...ungranted(['jail', 'write'], jail.write, '--write', (path) => granted.write.map(place).includes(place(path))),
    ...ungranted(['egress'], given.egress, '--egress', (host) => granted.egress.includes(host)),
  ]
}

/** The same description without what is granted by options alone. */
export function withoutGrants({ egress: _, jail, ...given }: JsonObject): JsonObject {
  return { ...given, ...(isJsonObject(jail) && { jail: { ...jail, read: [], write: [] } }) }
}

const notForStrangers = [
  { path: ['emulator'], why: 'is a program outside any jail: only servers of the project have one' },
  { path: ['endpoints'], why: 'are for servers of the project: grant hosts with --egress HOST:PORT' },
  { path: ['jail', 'sandbox'], why: "must be left out: a stranger's server always runs in a jail" },
]

function valueAt(given: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = given
  for (const key of path) value = isJsonObject(value) ? value[key] : undefined
  return isJsonObject(value) && Object.keys(value).length === 0 ? undefined : value
}

function textsIn(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
