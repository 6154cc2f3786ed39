import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/remit-command.ts'

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...['docs/adr', 'docs/guides'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  ),
]

/** Paths in backticks or links that name a file or folder of the project. */
function pathsIn(text: string): string[] {
  const quoted = [
    ...text.matchAll(/`((?:orchestrator|servers|shared|test|docs|examples|drizzle|scripts|bench)\/[\w./-]+)`/g),
  ]
  const linked = [...text.matchAll(/\]\(((?!https?:)[\w./-]+)\)/g)]
  return [...quoted, ...linked].map(([, path = '']) => path)
}

test.each(pages)('every path that %s names is there', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  expect(pathsIn(text).filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('every npm script that a page names is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const named = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name),
  )
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})
