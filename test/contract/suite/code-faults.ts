import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { AnyServer } from '../../../shared/capability/define-server.ts'

/** What a server's own code must leave to the kit, and why. */
const leftToTheKit = [
  { form: /\bprocess\.env\b/, why: 'reads the environment by itself: declare the variable, and take it in `connect`' },
  { form: /\bprocess\.stdout\b/, why: 'writes to stdout, which belongs to the protocol' },
  { form: /\bconsole\.(log|info|debug|table|dir)\b/, why: 'prints to stdout, which belongs to the protocol' },
]

/** What of the kit's contract a server's folder breaks, one sentence each; empty for a good one. */
export function codeFaults(folder: string, { emulates }: AnyServer): string[] {
  const needed = ['main.ts', 'server.test.ts', 'README.md', ...(emulates === undefined ? [] : ['emulator.ts'])]
  return [
    ...needed.filter((file) => !existsSync(join(folder, file))).map((file) => `${file} is not there`),
    ...ownCode(folder).flatMap((file) => {
      const text = readFileSync(file, 'utf8')
      const broken = leftToTheKit.filter(({ form }) => form.test(text))
      return broken.map(({ why }) => `${relative(folder, file)} ${why}`)
    }),
  ]
}

/** Neither tests nor the vendor's stand-in, which is no part of the server. */
function ownCode(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|(^|[\\/])(fixtures|emulator)([\\/]|\.ts$)/.test(path))
    .map((path) => join(folder, path))
}
