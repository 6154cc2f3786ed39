import { expect, test } from 'vitest'
import { secretAmong, secretInUrl } from './written-secret.ts'

test.each<[string[], number]>([
  [['--api-key', 'abc'], 1],
  [['run', '--token=abc'], 1],
  [['postgresql://app:pw@db.example/app'], 0],
  [['--dsn=mysql://app:pw@db.example/app'], 0],
  [['https://mcp.example', '--header', 'Authorization: Bearer abc'], 2],
  [['sk-ant-0123456789abcdef0123'], 0],
])('%j holds a secret at %d', (args, index) => {
  expect(secretAmong(args)).toBe(index)
})

test.each([
  [['/data', '--max-tokens', '100', '--keyword', 'x', '--read-only']],
  [['--token', '--verbose']],
  [['--key-file', '/run/secrets/key']],
  [['postgresql://db.example:5432/app', 'me@mail.example', 'https://mcp.example/a:b@c']],
])('%j holds none', (args) => {
  expect(secretAmong(args)).toBeUndefined()
})

test.each([
  ['https://me:pw@mcp.example/', 'what stands before "@"'],
  ['https://mcp.example/mcp?tavilyApiKey=abc', 'its parameter tavilyApiKey'],
  ['https://mcp.example/mcp?api_key=abc&region=eu', 'its parameter api_key'],
  ['https://mcp.example/mcp?project=ref&read_only=true', undefined],
  ['no URL', undefined],
])('of %s it is %s', (url, what) => {
  expect(secretInUrl(url)).toBe(what)
})
