import { expect, test } from 'vitest'
import { findTools } from './find-tools.ts'
import { sketchTool, toolsOf } from './planner/tool-fixture.ts'

const tools = toolsOf(
  sketchTool('billing.create_subscription', {
    effect: 'create',
    needs: { seats: 'organizations.seats' },
    establishes: ['billing.subscription'],
  }),
  sketchTool('billing.cancel_subscription', { effect: 'delete' }),
  sketchTool('billing.list_invoices'),
  sketchTool('email.send_email', { effect: 'create' }),
  sketchTool('organizations.create_organization', { effect: 'create' }),
)
const ids = (query: string, limit?: number) => findTools({ tools }, query, limit).map(({ tool }) => tool.id)

test('finds a tool by the words of its name in other forms', () => {
  expect(ids('cancel my subscriptions')[0]).toBe('billing.cancel_subscription')
  expect(ids('createSubscription')[0]).toBe('billing.create_subscription')
  expect(ids('Invoices')).toEqual(['billing.list_invoices'])
})

test('finds all tools of a server, and a tool by a fact that it takes', () => {
  expect(ids('billing').sort()).toEqual([
    'billing.cancel_subscription',
    'billing.create_subscription',
    'billing.list_invoices',
  ])
  expect(ids('seats')).toEqual(['billing.create_subscription'])
})

test('a rare word counts more than a common one', () => {
  expect(ids('create email')[0]).toBe('email.send_email')
})

test('words that every request holds, and words that no tool has, find nothing', () => {
  expect(ids('could you please do this for me')).toEqual([])
  expect(ids('weather')).toEqual([])
})

test('returns at most as many as asked for, the best first, equals by id', () => {
  expect(ids('subscription', 1)).toHaveLength(1)
  const scores = findTools({ tools }, 'create a subscription').map(({ score }) => score)
  expect(scores).toEqual([...scores].sort((a, b) => b - a))
  expect(findTools({ tools: new Map([...tools].reverse()) }, 'billing').map(({ tool }) => tool.id)).toEqual(
    ids('billing'),
  )
})
