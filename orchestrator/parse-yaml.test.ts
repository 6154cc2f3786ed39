import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseYaml, YamlError } from './parse-yaml.ts'

const schema = z.strictObject({
  name: z.string().default('none'),
  colours: z.record(z.string(), z.strictObject({ red: z.int(), hint: z.string().optional() })).default({}),
  list: z.array(z.strictObject({ item: z.string() })).default([]),
})

function faults(text: string): string[] {
  try {
    parseYaml(text, 'paint.yaml', { what: 'palette', schema })
  } catch (error) {
    if (error instanceof YamlError)
      return error.issues.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`)
    throw error
  }
  return []
}

test('takes an empty text for an empty map', () => {
  for (const text of ['', '# only a comment\n'])
    expect(parseYaml(text, 'paint.yaml', { what: 'palette', schema })).toEqual({ name: 'none', colours: {}, list: [] })
})

test.each([
  ['a text that is no YAML', 'name: [', '1:8  Flow sequence'],
  ['an alias of nothing', 'name: *nobody', '1:1  Unresolved alias'],
  ['a key that stands twice', 'name: a\nname: b', '2:1  Map keys must be unique'],
  ['a value of the wrong type, at the value', 'name:\n  5', '2:3 /name Invalid input: expected string'],
  [
    'an unknown key, at the key, with the one probably meant',
    'colours:\n  sky:\n    red: 1\n    hnt: x',
    '4:5 /colours/sky/hnt is not known here; did you mean hint?',
  ],
  [
    'an unknown key in a list',
    'list:\n  - item: a\n    itm: b',
    '3:5 /list/0/itm is not known here; did you mean item?',
  ],
  ['something missing, at what it is missing from', 'colours:\n  sky: {}', '2:8 /colours/sky/red Invalid input'],
])('refuses %s', (_, text, expected) => {
  expect(faults(text)[0]).toContain(expected)
})

test('names every fault at once, and the file', () => {
  expect(() => parseYaml('nam: x\nlist: 1', 'paint.yaml', { what: 'palette', schema })).toThrow(
    'The palette is refused:\n' +
      '  paint.yaml:2:7 /list Invalid input: expected array, received number\n' +
      '  paint.yaml:1:1 /nam is not known here; did you mean name?',
  )
})

test('asks for what the schema cannot tell only where the schema is content', () => {
  const check = ({ name }: z.output<typeof schema>) => [{ at: ['name'], message: `${name} is no colour` }]
  expect(() => parseYaml('name: Acme', 'paint.yaml', { what: 'palette', schema, check })).toThrow(
    'paint.yaml:1:7 /name Acme is no colour',
  )
  expect(() => parseYaml('name: 5', 'paint.yaml', { what: 'palette', schema, check })).toThrow(/^((?!colour).)*$/s)
})
