import type Stripe from 'stripe'
import { z } from 'zod'
import { invoicePrefix } from './issue-invoice.ts'
import type { Address, Customer, TaxId } from './objects.ts'
import { pageOf, searchPageOf } from './pages.ts'
import { changedMetadata, created, expandable, metadata, paging } from './params.ts'
import { paramsOf } from './params-of.ts'
import { route } from './route.ts'
import { parseQuery } from './search.ts'
import { invalidParameter, noSuch } from './stripe-rejection.ts'
import { endSubscription, hasEnded } from './subscription-end.ts'
import type { World } from './world.ts'

const text = z.string().max(5000)
const address = paramsOf<Stripe.AddressParam>()({
  line1: text.optional(),
  line2: text.optional(),
  city: text.optional(),
  state: text.optional(),
  postal_code: text.optional(),
  country: z.string().max(2).optional(),
})
const fields = {
  ...expandable(),
  name: z.string().max(256).optional(),
  email: z.string().max(512).optional(),
  description: text.optional(),
  metadata: metadata.optional(),
  address: address.optional(),
  invoice_settings: paramsOf<Stripe.CustomerUpdateParams.InvoiceSettings>()(
    { default_payment_method: z.string().optional() },
    'custom_fields',
    'footer',
    'rendering_options',
  ).optional(),
}
const missing = [
  'balance',
  'business_name',
  'cash_balance',
  'individual_name',
  'invoice_prefix',
  'next_invoice_sequence',
  'phone',
  'preferred_locales',
  'shipping',
  'source',
  'tax',
  'tax_exempt',
  'validate',
] as const
const taxIdData = z
  .array(paramsOf<Stripe.CustomerCreateParams.TaxIdDatum>()({ type: z.string(), value: z.string() }))
  .max(5)

/** A customer that has not been deleted. Throws `resource_missing`. */
export function liveCustomer({ objects }: World, id: string, param = 'id'): Customer {
  const customer = objects.customers[id]
  if (!customer || customer.deleted) throw noSuch('customer', id, param, param === 'id' ? 404 : 400)
  return customer
}

function liveCustomers({ objects }: World): Customer[] {
  return Object.values(objects.customers).filter((customer): customer is Customer => !customer.deleted)
}

const create = route(
  'POST',
  '/v1/customers',
  paramsOf<Stripe.CustomerCreateParams>()(
    { ...fields, tax_id_data: taxIdData.optional() },
    ...missing,
    'payment_method',
    'test_clock',
  ),
  (world, params) => {
    for (const [index, taxId] of (params.tax_id_data ?? []).entries()) checkTaxId(taxId, index)
    if (params.invoice_settings?.default_payment_method !== undefined) throw foreignPaymentMethod()
    checkEmail(params.email)
    const created = world.now()
    const customer: Customer = {
      id: world.newId('cus'),
      object: 'customer',
      address: addressOf(params.address),
      balance: 0,
      created,
      currency: null,
      default_source: null,
      delinquent: false,
      description: params.description ?? null,
      discount: null,
      email: params.email ?? null,
      invoice_prefix: invoicePrefix(),
      invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
      livemode: false,
      metadata: changedMetadata({}, params.metadata),
      name: params.name ?? null,
      next_invoice_sequence: 1,
      phone: null,
      preferred_locales: [],
      shipping: null,
      tax_exempt: 'none',
      test_clock: null,
    }
    world.objects.customers[customer.id] = customer
    for (const { type, value } of params.tax_id_data ?? []) addTaxId(world, customer, type, value)
    world.emit('customer.created', customer)
    return customer
  },
)

const updateParams = paramsOf<Stripe.CustomerUpdateParams>()(fields, ...missing, 'default_source')

const update = route('POST', '/v1/customers/:id', updateParams, (world, params, id) => {
  const customer = liveCustomer(world, id)
  const paymentMethod = params.invoice_settings?.default_payment_method
  if (paymentMethod !== undefined && world.objects.payment_methods[paymentMethod]?.customer !== id) {
    throw foreignPaymentMethod()
  }
  checkEmail(params.email)
  const before = structuredClone(customer)
  if (params.name !== undefined) customer.name = params.name || null
  if (params.email !== undefined) customer.email = params.email || null
  if (params.description !== undefined) customer.description = params.description || null
  if (params.address !== undefined) customer.address = addressOf(params.address)
  if (paymentMethod !== undefined) customer.invoice_settings.default_payment_method = paymentMethod
  customer.metadata = changedMetadata(customer.metadata, params.metadata)
  world.emit('customer.updated', customer, before)
  return customer
})

const retrieveParams = paramsOf<Stripe.CustomerRetrieveParams>()(expandable())

const retrieve = route('GET', '/v1/customers/:id', retrieveParams, ({ objects }, _, id) => {
  const customer = objects.customers[id]
  if (!customer) throw noSuch('customer', id)
  return customer
})

const list = route(
  'GET',
  '/v1/customers',
  paramsOf<Stripe.CustomerListParams>()(
    { ...paging, ...expandable(), email: z.string().max(512).optional(), created: created.optional() },
    'test_clock',
  ),
  (world, { email, created, ...page }) => {
    const customers = liveCustomers(world).filter(
      (customer) =>
        (email === undefined || customer.email === email) && (created === undefined || created(customer.created)),
    )
    return pageOf(customers, '/v1/customers', page)
  },
)

const search = route(
  'GET',
  '/v1/customers/search',
  paramsOf<Stripe.CustomerSearchParams>()({
    ...expandable(),
    query: z.string(),
    limit: paging.limit,
    page: z.string().optional(),
  }),
  (world, { query, limit, page }) => {
    const matches = parseQuery(query)
    const found = liveCustomers(world).filter(({ metadata }) => matches(metadata))
    return searchPageOf(found, '/v1/customers/search', { limit, page })
  },
)

const remove = route('DELETE', '/v1/customers/:id', paramsOf<Stripe.CustomerDeleteParams>()({}), (world, _, id) => {
  const customer = liveCustomer(world, id)
  for (const subscription of Object.values(world.objects.subscriptions)) {
    if (subscription.customer === id && !hasEnded(subscription)) endSubscription(world, subscription)
  }
  const deleted = { id, object: 'customer', deleted: true } as const
  world.objects.customers[id] = deleted
  world.emit('customer.deleted', customer)
  return deleted
})

const listTaxIds = route(
  'GET',
  '/v1/customers/:id/tax_ids',
  paramsOf<Stripe.CustomerListTaxIdsParams>()({ ...paging, ...expandable() }),
  (world, page, id) => {
    liveCustomer(world, id)
    const taxIds = Object.values(world.objects.tax_ids).filter(({ customer }) => customer === id)
    return pageOf(taxIds, `/v1/customers/${id}/tax_ids`, page)
  },
)

/** `search` stands before `retrieve`, whose path would take it for an id. */
export const customerRoutes = [create, search, update, retrieve, list, remove, listTaxIds]

function addTaxId(world: World, customer: Customer, type: string, value: string): void {
  const taxId: TaxId = {
    id: world.newId('txi'),
    object: 'tax_id',
    country: type === 'eu_vat' ? value.slice(0, 2) : type.slice(0, 2).toUpperCase(),
    created: customer.created,
    customer: customer.id,
    customer_account: null,
    livemode: false,
    owner: { type: 'customer', customer: customer.id, customer_account: null },
    type,
    value,
    verification: null,
  }
  world.objects.tax_ids[taxId.id] = taxId
}

/** The emulator knows the shape of an EU VAT number only; Stripe knows each country's. */
function checkTaxId({ type, value }: { type: string; value: string }, index: number): void {
  if (!/^[a-z]{2}_[a-z]+$/.test(type)) throw invalidParameter(`tax_id_data[${index}][type]`, 'Invalid type of tax id.')
  const good = type === 'eu_vat' ? /^[A-Z]{2}[0-9A-Z+*]{2,12}$/.test(value) : value.length > 0
  if (!good) throw invalidParameter(`tax_id_data[${index}][value]`, `Invalid value for ${type}.`, 'tax_id_invalid')
}

function checkEmail(email: string | undefined): void {
  if (email && !/^\S+@\S+$/.test(email)) throw invalidParameter('email', 'Invalid email address.', 'email_invalid')
}

function foreignPaymentMethod(): Error {
  const param = 'invoice_settings[default_payment_method]'
  return invalidParameter(param, 'The customer does not have this payment method.', 'resource_missing')
}

function addressOf(given: z.infer<typeof address> | undefined): Address | null {
  if (!given) return null
  const { line1, line2, city, state, postal_code, country } = given
  return {
    line1: line1 ?? null,
    line2: line2 ?? null,
    city: city ?? null,
    state: state ?? null,
    postal_code: postal_code ?? null,
    country: country ?? null,
  }
}
