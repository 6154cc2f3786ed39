import { describe, expect, test } from 'vitest'
import { showValue } from './show-value.ts'

describe('a value in a prompt', () => {
  test('that is small is shown whole', () => {
    const value = { id: 'cus_1', tags: ['a', 'b'], seats: 3 }
    expect(showValue(value, [])).toEqual({ value, isPartial: false })
  })

  test('never holds a secret', () => {
    const secret = { $sealed: 'v1.a.b.c' }
    const shown = showValue({ password: secret, list: Array(40).fill(secret), page: { deep: secret } }, ['/password'])
    expect(JSON.stringify(shown)).not.toContain('$sealed')
    expect(shown.value).toMatchObject({ password: '[sealed]' })
  })

  test('shows of long texts and lists how long they are and how they begin', () => {
    const shown = showValue({ page: 'x'.repeat(10_000), rows: Array.from({ length: 500 }, (_, n) => n) }, [])
    expect(shown).toEqual({
      value: { page: { $text_of: 10_000, $begins: 'x'.repeat(60) }, rows: { $list_of: 500, $begins: [0, 1] } },
      isPartial: true,
    })
  })

  test('that is large is shown by the fields that matter, and by its shape', () => {
    const fields = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`field_${n}`, 'some text']))
    const { value, isPartial } = showValue({ ...fields, id: 'cus_1' }, ['/id'])
    expect(isPartial).toBe(true)
    expect(value).toMatchObject({
      $fields: { '/id': 'cus_1' },
      $shape: { field_0: 'text of 9', '…': '171 more fields' },
    })
    expect(JSON.stringify(value).length).toBeLessThan(2_000)
  })

  test('does not grow with what a hostile tool names its fields', () => {
    const hostile = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`${n}${'n'.repeat(1_000)}`, 'x']))
    expect(JSON.stringify(showValue(hostile, [])).length).toBeLessThan(4_000)
  })

  test('is not cut within a letter', () => {
    const { value } = showValue(`${'x'.repeat(59)}🚀${'x'.repeat(200)}`, [])
    expect(JSON.stringify(value)).not.toContain('\\ud83d')
  })
})
