import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { estimateTextTokens } from './estimate-tokens.ts'

const chain = (encoding: 'hex' | 'base64') =>
  Array.from({ length: 40 }, (_, n) => hash('sha256', String(n), encoding)).join('')
const bytes = Buffer.from(chain('hex'), 'hex')
const drawn = (alphabet: string) => Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('')
const small = 'abcdefghijklmnopqrstuvwxyz'
const digits = '0123456789'
const records = Array.from({ length: 20 }, (_, n) => ({
  customer_id: `cus_${n}`,
  seats: n * 7,
  tags: ['a', null, true],
  path: `/tasks/t_${n}/output/id`,
}))
const notes = Array.from({ length: 20 }, (_, n) => ({ note: `"${n}"\n<b>` }))

/**
 * Each text with the more of the tokens that two public tokenizers make of it: the one that the vendor published for its
 * second generation of models (`@anthropic-ai/tokenizer` 0.0.4), and `o200k_base` (`gpt-tokenizer` 4.0.0).
 */
const counted: [string, string, number][] = [
  [
    'English',
    'A decision that may not stand goes back once, with every reason by its path and the nearest names. Nothing is executed from a partial answer, and what was not answered stays paid for.'.repeat(
      4,
    ),
    152,
  ],
  [
    'German',
    'Wir haben für den Kunden eine neue Organisation angelegt. Prüfen Sie bitte sämtliche Rechnungsanschriften, bevor die Begrüßungsnachricht verschickt wird. '.repeat(
      4,
    ),
    189,
  ],
  ['Russian', 'Мы создали новую организацию для клиента. Проверьте все данные перед отправкой письма. '.repeat(4), 157],
  [
    'Arabic',
    'لقد أنشأنا مؤسسة جديدة للعميل. يرجى التحقق من صحة جميع البيانات قبل إرسال رسالة الترحيب. '.repeat(4),
    320,
  ],
  ['Chinese', '我们刚刚为客户创建了一个新的组织，请在发送欢迎邮件之前检查所有的数据是否正确。'.repeat(4), 124],
  [
    'Japanese',
    '顧客のために新しい組織を作成しました。メールを送る前に、すべてのデータが正しいか確認してください。'.repeat(4),
    188,
  ],
  [
    'Korean',
    '고객을 위한 새 조직을 만들었습니다. 환영 메일을 보내기 전에 모든 데이터가 올바른지 확인해 주세요. '.repeat(4),
    216,
  ],
  ['Thai', 'เราได้สร้างองค์กรใหม่ให้กับลูกค้าแล้ว โปรดตรวจสอบข้อมูลทั้งหมดก่อนส่งอีเมลต้อนรับ '.repeat(4), 576],
  ['pictures', '🚀🎉👩‍👩‍👧‍👦🇩🇪✅'.repeat(20), 540],
  ['rare characters', Array.from({ length: 200 }, (_, n) => String.fromCodePoint(0x20000 + n * 7)).join(''), 790],
  ['JSON', JSON.stringify(records), 681],
  ['JSON within JSON', JSON.stringify(JSON.stringify(notes)).replaceAll('<', '\\u003c'), 322],
  ['numbers', JSON.stringify(Array.from({ length: 200 }, (_, n) => n * 1.37)), 1182],
  ['single digits', drawn(digits).split('').join(' '), 2559],
  ['base64', chain('base64'), 1244],
  ['hexadecimal digits', chain('hex'), 1485],
  ['capitals', drawn(small.toUpperCase()), 736],
  ['small letters', drawn(small), 669],
  ['letters and digits', drawn(`${small}${small.toUpperCase()}${digits}`), 879],
  ['all signs', drawn(Array.from({ length: 94 }, (_, n) => String.fromCharCode(33 + n)).join('')), 1017],
  ['brackets', '{}[]":,\\/<>()!?;'.repeat(30), 300],
  ['blanks', '\n\n   \n\t'.repeat(60), 121],
  ['control characters', '\u0001\u0002\u007f'.repeat(60), 180],
]

test.each(counted)('no more tokens are counted in %s than are estimated', (_what, text, tokens) => {
  expect(estimateTextTokens(text)).toBeGreaterThanOrEqual(tokens)
})

test('the estimate of words and of JSON stays within three times what is counted', () => {
  for (const [what, text, tokens] of counted)
    if (['English', 'German', 'JSON', 'JSON within JSON', 'base64'].includes(what))
      expect(estimateTextTokens(text)).toBeLessThan(tokens * 3)
})
