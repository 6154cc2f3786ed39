import { expect, test } from 'vitest'
import type { EgressRecord } from '../../model/egress.ts'
import { deniedLines } from './denied-lines.ts'

const sent: EgressRecord = {
  protocol: 'http',
  host: 'api.example:443',
  method: 'GET',
  path: '/things',
  status: 200,
  bytes_out: 0,
  bytes_in: 2,
  ms: 1,
  attribution: 'exact',
}
const refused = (path: string): EgressRecord => ({ ...sent, path, denied: 'no call is in flight' })

test('says what was refused, and nothing of what went out', () => {
  expect(deniedLines([sent, refused('/admin')])).toEqual([
    'network refused: GET api.example:443/admin: no call is in flight',
  ])
})

test('says of a flood how much more there was', () => {
  const { path: _, method: __, ...sum } = refused('')
  const flood = ['/1', '/2', '/3', '/4'].map(refused)
  expect(deniedLines([...flood, { ...sum, host: 'several', times: 50 }]).at(-1)).toBe('and 51 more refused')
})
