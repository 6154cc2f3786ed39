import { z } from 'zod'
import { PackageError } from './package-store.ts'

const packageJson = z.looseObject({
  version: z.string(),
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
})

/** The version of a package and its program, by its `package.json`. Throws a {@link PackageError} where it has no program. */
export function programOf(name: string, text: unknown): { version: string; program: string } {
  const parsed = packageJson.safeParse(text)
  const bin = parsed.data?.bin
  const plain = name.replace(/^@[^/]+\//, '')
  const [first, another] = typeof bin === 'object' ? Object.entries(bin) : []
  // As npx chooses: the one that there is, or the one of the package's own name.
  const path = typeof bin === 'string' ? bin : another ? (bin as Record<string, string>)[plain] : first?.[1]
  if (!parsed.success || path === undefined || path.split(/[\\/]/).includes('..') || /[*?[\]{}\0]/.test(path))
    throw new PackageError(`${name} has no program that could be started: its package.json names none in "bin"`)
  return { version: parsed.data.version, program: `node_modules/${name}/${path.replace(/^\.\//, '')}` }
}
