import { expect, test } from 'vitest'
import { checkGrants } from './check-grants.ts'

const place = { root: '/srv/remit', kept: '/srv/remit/.remit' }
const grant = (grants: { read?: string[]; write?: string[] }) => () =>
  checkGrants({ read: [], write: [], ...grants }, place)

test('a server may be granted folders of its own, beside Remit and in the project', () => {
  expect(grant({ read: ['/etc/shop', '/srv/remit/docs'], write: ['/data/shop', '/srv/remit/kept'] })).not.toThrow()
  expect(grant({ read: ['/srv/remit-other', '/srv/remit/shared'], write: ['/srv/remit/.remit-shop'] })).not.toThrow()
})

test.each([['/srv/remit/.remit/keys'], ['/srv/remit/.remit'], ['/srv/remit'], ['/']])(
  'what Remit keeps is granted to nobody: %s',
  (path) => {
    const why = `${path}, and no server may see what Remit keeps in /srv/remit/.remit`
    expect(grant({ read: [path] })).toThrow(`its manifest asks to read ${why}`)
    expect(grant({ write: [path] })).toThrow(`its manifest asks to write ${why}`)
  },
)

test.each(['orchestrator/cli', 'node_modules', 'servers/other', 'package.json'])(
  'nor is its code, for writing: %s',
  (name) => {
    expect(grant({ write: [`/srv/remit/${name}`] })).toThrow(`to write /srv/remit/${name}, where Remit's own code lies`)
  },
)

test('a path through a folder that the server may write could become a link to anywhere', () => {
  const why = '/data/shop/in, which lies in /data/shop and is granted with it: leave it out'
  expect(grant({ read: ['/data/shop/in'], write: ['/data/shop'] })).toThrow(`to read ${why}`)
  expect(grant({ write: ['/data/shop', '/data/shop/in'] })).toThrow(`to write ${why}`)
  expect(grant({ read: ['/data/shop-in'], write: ['/data/shop'] })).not.toThrow()
})
