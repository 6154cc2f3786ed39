import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Door } from '../egress/listen.ts'
import { makeJailFolder } from './jail-folder.ts'

/** Files for a jail with a file system of its own, by which the names of its doors lead to 127.0.0.1. */
export async function writeNames(
  doors: readonly Door[],
): Promise<{ files: { path: string; inside: string }[]; remove(): Promise<void> }> {
  const names = doors.flatMap(({ checked }) => checked?.name ?? [])
  if (names.length === 0) return { files: [], remove: async () => {} }
  const folder = await makeJailFolder()
  const contents = {
    hosts: ['localhost', ...names].map((name) => `127.0.0.1 ${name}\n`).join(''),
    // Unless told so, the C library asks a name server first, and there is none.
    'nsswitch.conf': 'hosts: files\n',
  }
  const files = Object.keys(contents).map((name) => ({ path: join(folder.path, name), inside: `/etc/${name}` }))
  try {
    for (const [name, content] of Object.entries(contents)) await writeFile(join(folder.path, name), content)
  } catch (error) {
    await folder.remove()
    throw error
  }
  return { files, remove: folder.remove }
}
