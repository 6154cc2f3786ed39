import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const packageSchema = z.object({ name: z.string(), version: z.string(), license: z.string() })
const licenceFile = /^(licen[cs]e|copying|notice)([.-].*)?$/i
const rule = '-'.repeat(80)

/**
 * What the licences of these packages ask to be passed on with their code: for each its name, version and licence, and the
 * texts that come with it; packages with the same texts share them. Throws, with its folder, where one does not say its licence.
 */
export function packageLicences(root: string, packages: readonly string[]): string {
  const titles = new Map<string, Set<string>>()
  for (const folder of packages) {
    const { title, text } = licenceOf(join(root, folder))
    titles.set(text, (titles.get(text) ?? new Set()).add(title))
  }
  const parts = [...titles].map(([text, those]) => [rule, [...those].join('\n'), rule, text].join('\n\n'))
  return `${parts.join('\n\n\n')}\n`
}

function licenceOf(folder: string): { title: string; text: string } {
  const parsed = packageSchema.safeParse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  if (!parsed.success)
    throw new Error(`${folder}/package.json does not say name, version and license, so it cannot be bundled`)
  const { name, version, license } = parsed.data
  const files = readdirSync(folder).filter((file) => licenceFile.test(file))
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
  return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') }
}
