import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Files } from './render-server.ts'

/** All files of a folder, by their paths in it. */
export function readFolder(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(files.sort().map((file) => [relative(folder, file).replaceAll('\\', '/'), readFileSync(file, 'utf8')]))
}

/** What keeps files from being written to a folder, by their paths in it: what is there already, and what is no folder on the way. */
export function inTheWay(folder: string, paths: Iterable<string>): string[] {
  const found = [...paths].flatMap((path) => firstInTheWay(folder, path) ?? [])
  return [...new Set(found)]
}

/** A link is in the way wherever it leads: nothing is written outside the folder. */
function firstInTheWay(folder: string, path: string): string | undefined {
  const names = path.split('/')
  const places = names.map((_, index) => names.slice(0, index + 1).join('/'))
  return places.find((place) => {
    const there = lstatSync(join(folder, place), { throwIfNoEntry: false })
    return there !== undefined && (place === path || !there.isDirectory())
  })
}

/** Writes each file, and refuses to replace one. */
export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of files) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { flag: 'wx' })
  }
}
