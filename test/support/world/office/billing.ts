import { type Thing, Things } from '../things.ts'
import { answer, fail, type Vendor } from '../vendor.ts'

/** Customers and their subscriptions. What is asked under a known key is answered as before; the world sees to that. */
export function billing(): Vendor {
  const customers = new Things('billing', 'cus')
  const subscriptions = new Things('billing', 'sub')
  const subscription = ({ id, good }: Thing) => ({
    subscription_id: id,
    status: good ? 'active' : 'incomplete',
    current_period_end: '2026-02-01T00:00:00.000Z',
    amount: 1_000,
    currency: 'eur',
  })
  return {
    tools: {
      create_customer: (args, doing) =>
        answer({ customer_id: customers.make(`customer ${args.email}`, args, doing).id }),
      find_customer(args) {
        const found = customers.find(({ values }) => values.organization_id === args.organization_id)
        return found ? answer({ customer_id: found.id }) : fail('not_found', 'There is no such customer.')
      },
      delete_customer({ customer_id: id }) {
        subscriptions.remove(({ values }) => values.customer_id === id)
        return answer({ customer_id: String(id), deleted: customers.remove((thing) => thing.id === id) })
      },
      create_subscription(args, doing) {
        if (!customers.find(({ id }) => id === args.customer_id)) return fail('not_found', 'There is no such customer.')
        return answer(subscription(subscriptions.make(`subscription to ${args.price}`, args, doing)))
      },
      find_subscription(args) {
        const found = subscriptions.find(({ values }) => values.customer_id === args.customer_id)
        return found ? answer(subscription(found)) : fail('not_found', 'There is no such subscription.')
      },
      cancel_subscription: ({ subscription_id: id }) =>
        answer({
          subscription_id: String(id),
          status: 'canceled',
          cancelled: subscriptions.remove((thing) => thing.id === id),
        }),
    },
    traces: () => [...customers.present(), ...subscriptions.present()],
    everMade: () => [...customers.everMade(), ...subscriptions.everMade()],
  }
}
