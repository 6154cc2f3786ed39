import { expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { type Mirroring, mirroringOf } from './mirrored-headers.ts'

const region = (more: JsonObject = {}): JsonObject => ({ type: 'string', 'x-mcp-header': 'Region', ...more })
const input = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })

test.each<[string, JsonObject, Mirroring]>([
  ['no declaration', input({ region: { type: 'string' } }), 'none'],
  ['a string', input({ region: region() }), 'valid'],
  [
    'an integer and a boolean',
    input({ a: region({ type: 'integer' }), b: region({ type: 'boolean', 'x-mcp-header': 'B' }) }),
    'valid',
  ],
  ['a property in a property', input({ where: input({ region: region() }) }), 'valid'],
  ['a property that is called so', input({ 'x-mcp-header': { type: 'string' } }), 'none'],
  ['a default that looks so', input({ options: { type: 'object', default: { 'x-mcp-header': 7 } } }), 'none'],
  ['a number', input({ region: region({ type: 'number' }) }), 'invalid'],
  ['an object', input({ region: region({ type: 'object' }) }), 'invalid'],
  ['no type', input({ region: { 'x-mcp-header': 'Region' } }), 'invalid'],
  ['an empty name', input({ region: region({ 'x-mcp-header': '' }) }), 'invalid'],
  ['a name that is none', input({ region: region({ 'x-mcp-header': 7 }) }), 'invalid'],
  ['a name that would break the header', input({ region: region({ 'x-mcp-header': 'A\r\nHost: b' }) }), 'invalid'],
  ['one name twice', input({ a: region(), b: region({ 'x-mcp-header': 'REGION' }) }), 'invalid'],
  ['the whole input', { ...region(), type: 'string' }, 'invalid'],
  ['an item of a list', input({ regions: { type: 'array', items: region() } }), 'invalid'],
  ['a branch', input({}, { anyOf: [input({ region: region() })] }), 'invalid'],
  [
    'what a reference leads to',
    input({ region: { $ref: '#/$defs/region' } }, { $defs: { region: region() } }),
    'invalid',
  ],
])('%s', (_, schema, mirroring) => {
  expect(mirroringOf(schema)).toBe(mirroring)
})

test('a schema as deep as a stranger likes is looked through', () => {
  let deep: JsonObject = input({ region: region() })
  for (let level = 0; level < 100_000; level += 1) deep = { not: deep }
  expect(mirroringOf(deep)).toBe('invalid')
})
