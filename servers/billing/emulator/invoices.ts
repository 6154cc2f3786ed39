import type Stripe from 'stripe'
import { z } from 'zod'
import type { Invoice } from './objects.ts'
import { pageOf } from './pages.ts'
import { created, expandable, paging } from './params.ts'
import { paramsOf } from './params-of.ts'
import { payInvoice } from './pay-invoice.ts'
import { route } from './route.ts'
import { noSuch } from './stripe-rejection.ts'
import type { World } from './world.ts'

const list = route(
  'GET',
  '/v1/invoices',
  paramsOf<Stripe.InvoiceListParams>()(
    {
      ...paging,
      ...expandable('data.customer'),
      created: created.optional(),
      customer: z.string().optional(),
      status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(),
      subscription: z.string().optional(),
    },
    'collection_method',
    'customer_account',
    'due_date',
  ),
  ({ objects }, { created, customer, status, subscription, ...page }) => {
    if (customer !== undefined && !objects.customers[customer]) throw noSuch('customer', customer, 'customer', 400)
    const invoices = Object.values(objects.invoices).filter(
      (invoice) =>
        (created === undefined || created(invoice.created)) &&
        (customer === undefined || invoice.customer === customer) &&
        (status === undefined || invoice.status === status) &&
        (subscription === undefined || invoice.parent?.subscription_details?.subscription === subscription),
    )
    return pageOf(invoices, '/v1/invoices', page)
  },
)

const retrieveParams = paramsOf<Stripe.InvoiceRetrieveParams>()(expandable('customer'))

const retrieve = route('GET', '/v1/invoices/:id', retrieveParams, (world, _, id) => invoiceOf(world, id))

const payParams = paramsOf<Stripe.InvoicePayParams>()(
  { ...expandable('customer'), payment_method: z.string().optional() },
  'forgive',
  'mandate',
  'off_session',
  'paid_out_of_band',
  'source',
)

const pay = route('POST', '/v1/invoices/:id/pay', payParams, (world, { payment_method }, id) =>
  payInvoice(world, invoiceOf(world, id), payment_method),
)

export const invoiceRoutes = [list, retrieve, pay]

function invoiceOf({ objects }: World, id: string): Invoice {
  const invoice = objects.invoices[id]
  if (!invoice) throw noSuch('invoice', id)
  return invoice
}
