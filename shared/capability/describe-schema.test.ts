import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeSchema } from './describe-schema.ts'
import { destination, fact, sensitive } from './fields.ts'

describe('describeSchema', () => {
  it('names each mark by the pointer of its field and leaves none in the schema', () => {
    const { schema, marks } = describeSchema(
      z.object({
        id: fact(z.string(), 'billing.customer_id').describe('the customer'),
        to: destination(sensitive(z.email())),
        'odd/key~': sensitive(z.string()),
        nested: z.object({ token: sensitive(z.string()) }),
      }),
      'output',
    )
    expect(marks).toEqual({
      facts: { '/id': 'billing.customer_id' },
      sensitive: ['/to', '/odd~1key~0', '/nested/token'],
      destinations: ['/to'],
    })
    expect(JSON.stringify(schema)).not.toContain('dev.remit')
    expect(schema.$schema).toBeUndefined()
    expect(schema.properties).toMatchObject({ id: { type: 'string', description: 'the customer' } })
  })

  it('uses * for array items', () => {
    const { marks } = describeSchema(
      z.object({ rows: z.array(z.object({ cells: z.array(sensitive(z.string())) })) }),
      'output',
    )
    expect(marks.sensitive).toEqual(['/rows/*/cells/*'])
  })

  it.each([
    ['optional outside', sensitive(z.string()).optional()],
    ['optional inside', sensitive(z.string().optional())],
    ['nullable outside', sensitive(z.string()).nullable()],
    ['nullable inside', sensitive(z.string().nullable())],
    ['a default', sensitive(z.string()).default('x')],
    ['one branch of a union', z.union([z.number(), sensitive(z.string())])],
    ['two branches of a union', z.union([sensitive(z.number()), sensitive(z.string())])],
    ['a later description', sensitive(z.string()).describe('later')],
    ['a later check', sensitive(z.string()).min(3)],
  ])('sees a mark through %s, once', (_, field) => {
    expect(describeSchema(z.object({ field }), 'input').marks.sensitive).toEqual(['/field'])
  })

  it('follows shared and recursive definitions', () => {
    const Node = z.object({
      secret: sensitive(z.string()),
      get next() {
        return Node.optional()
      },
    })
    const { marks } = describeSchema(z.object({ node: Node }), 'output')
    expect(marks.sensitive).toContain('/node/secret')
  })

  it('refuses a mark that no pointer can name, rather than lose it', () => {
    const type = z.object({ byName: z.record(z.string(), sensitive(z.string())) })
    expect(() => describeSchema(type, 'output')).toThrow(/a mark .* nowhere else/)
  })

  it('lets an input leave out what has a default, and an output not', () => {
    const type = z.object({ region: z.string().default('eu') })
    expect(describeSchema(type, 'input').schema.required ?? []).toEqual([])
    expect(describeSchema(type, 'output').schema.required).toEqual(['region'])
  })
})
