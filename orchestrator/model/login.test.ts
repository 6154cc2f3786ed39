import { expect, test } from 'vitest'
import { howToLogIn } from './login.ts'

test.each([
  ['local:ada', 'default', 'remit servers login tickets --principal local:ada'],
  ['host:Claude Desktop', 'default', "remit servers login tickets --principal 'host:Claude Desktop'"],
  ["x'; rm -rf $HOME #", 'acme', "remit servers login tickets --principal 'x'\\''; rm -rf $HOME #' --tenant acme"],
])('says how %s logs in, in a line that a shell takes as it stands', (principal, tenant, line) => {
  expect(howToLogIn({ principal, tenant, server: 'tickets' })).toBe(line)
})
