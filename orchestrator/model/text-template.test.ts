import { expect, test } from 'vitest'
import { parseTextTemplate, TextTemplateError } from './text-template.ts'

test.each([
  ['plain', ['plain']],
  ['', []],
  ['Hi {people.name}!', ['Hi ', { fact: 'people.name' }, '!']],
  ['{a.b}{c.d_2}', [{ fact: 'a.b' }, { fact: 'c.d_2' }]],
  ['{ a.b |not yet}', [{ fact: 'a.b', fallback: 'not yet' }]],
  ['{a.b|}', [{ fact: 'a.b', fallback: '' }]],
  ['{{a.b}}', ['{a.b}']],
  ['{{{a.b}}}', ['{', { fact: 'a.b' }, '}']],
])('reads %j', (template, parts) => {
  expect(parseTextTemplate(template)).toEqual(parts)
})

test.each([
  ['Hi {people.name', 4],
  ['Hi }', 4],
  ['{name}', 1],
  ['{A.b}', 1],
  ['{}', 1],
])('refuses %j at its column', (template, column) => {
  const parse = () => parseTextTemplate(template)
  expect(parse).toThrow(TextTemplateError)
  expect(parse).toThrow(expect.objectContaining({ column }))
})
