import { anything, constantFrom, assert as fcAssert, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../shared/json.ts'
import { compileSchema } from '../../shared/json-schema.ts'
import { misfit, schemaAt } from './schema-fit.ts'

const within = (schema: Json, root: JsonObject = {}) => ({ schema, root })
const closed = (properties: JsonObject, required = Object.keys(properties)): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const string = { type: 'string' }
const integer = { type: 'integer' }

describe('misfit', () => {
  test.each<[Json, Json]>([
    [string, string],
    [integer, { type: 'number' }],
    [{}, integer],
    [true, integer],
    [integer, {}],
    [{ type: ['string', 'null'] }, string],
    [{ anyOf: [string, { type: 'null' }] }, string],
    [string, { anyOf: [integer, string] }],
    [string, { enum: ['a', 'b'] }],
    [{ enum: ['a', 'b'] }, { enum: ['b', 'c'] }],
    [
      { type: 'string', format: 'email' },
      { type: 'string', format: 'uri' },
    ],
    [closed({ a: integer, b: string }), { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] }],
    [{ type: 'object' }, closed({ a: integer })],
  ])('%j may be %j', (producer, consumer) => {
    expect(misfit(within(producer), within(consumer))).toBeUndefined()
  })

  test.each<[Json, Json, string]>([
    [string, integer, 'it is string and integer is needed'],
    [{ type: 'number' }, integer, 'it is number and integer is needed'],
    [{ const: 'x' }, integer, 'it is string and integer is needed'],
    [{ enum: ['a'] }, { enum: ['b'] }, 'it is one of ["a"] and one of ["b"] is needed'],
    [{ type: 'array', items: string }, string, 'it is array and string is needed'],
    [{ anyOf: [integer, { type: 'null' }] }, string, 'it is integer and string is needed'],
    [closed({ a: string }), closed({ b: string }), 'it has no "b", which is needed'],
    [closed({ a: string }), closed({ a: integer }), 'its "a" does not fit: it is string and integer is needed'],
    [closed({ a: string, b: string }), closed({ a: string }), 'it has "b", which is not expected'],
    [{ $ref: '#/$defs/name' }, integer, 'it is string and integer is needed'],
  ])('%j cannot be %j', (producer, consumer, why) => {
    expect(misfit(within(producer, { $defs: { name: string } }), within(consumer))).toBe(why)
  })

  test('a schema that refers to itself is compared to a bounded depth', () => {
    const root: JsonObject = {
      $defs: { node: { type: 'object', required: ['next'], properties: { next: { $ref: '#/$defs/node' } } } },
    }
    expect(misfit(within({ $ref: '#/$defs/node' }, root), within({ $ref: '#/$defs/node' }, root))).toBeUndefined()
  })

  test('never refuses where a value exists that both schemas take', () => {
    const schemas = constantFrom<JsonObject>(
      {},
      string,
      integer,
      { type: 'boolean' },
      { type: ['string', 'null'] },
      { enum: ['a', 1, null] },
      { const: 'a' },
      { type: 'array', items: string },
      { anyOf: [integer, string] },
      closed({ a: string }),
      closed({ a: integer, b: string }, ['a']),
      { type: 'object', properties: { b: string } },
    )
    const values = constantFrom<Json>(
      'a',
      'b',
      1,
      2,
      null,
      true,
      [],
      ['a'],
      {},
      { a: 'x' },
      { a: 1 },
      { a: 1, b: 'y' },
      { b: 'z' },
    )
    fcAssert(
      property(schemas, schemas, values, (producer, consumer, value) => {
        if (compileSchema(producer)(value).length > 0 || compileSchema(consumer)(value).length > 0) return
        expect(misfit(within(producer), within(consumer))).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })

  test('whatever stands in place of a schema is answered, not thrown', () => {
    const jsonLike = anything({ maxDepth: 3, withNullPrototype: false })
    fcAssert(
      property(jsonLike, jsonLike, (producer, consumer) => {
        misfit(within(producer as Json), within(consumer as Json))
      }),
    )
  })
})

describe('schemaAt', () => {
  const root: JsonObject = {
    type: 'object',
    properties: {
      list: { type: 'array', items: { type: 'object', properties: { id: integer }, additionalProperties: false } },
      pair: { type: 'array', prefixItems: [string, integer] },
      maybe: { anyOf: [{ type: 'null' }, closed({ name: string })] },
      shared: { $ref: '#/$defs/name' },
      map: { type: 'object', additionalProperties: integer },
    },
    additionalProperties: false,
    $defs: { name: string },
  }
  test.each<[string[], Json | undefined]>([
    [['list', '0', 'id'], integer],
    [['list', '0', 'nope'], undefined],
    [['list', 'x'], undefined],
    [['pair', '1'], integer],
    [['maybe', 'name'], string],
    [['maybe', 'nope'], undefined],
    [['shared'], string],
    [['shared', 'deeper'], undefined],
    [['map', 'any'], integer],
    [['nope'], undefined],
  ])('%j', (tokens, schema) => {
    expect(schemaAt({ schema: root, root }, tokens)?.schema).toEqual(schema)
  })
})
