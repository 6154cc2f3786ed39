import { z } from 'zod'
import { invoicePrefix } from './invoices.ts'
import type { Address, Customer, TaxId } from './objects.ts'
import { pageOf } from './pages.ts'
import { changedMetadata, expandable, metadata, paging } from './params.ts'
import { route } from './route.ts'
import { matchesQuery } from './search.ts'
import { invalidParameter, noSuch } from './stripe-rejection.ts'
import { endSubscription, hasEnded } from './subscription-end.ts'
import type { World } from './world.ts'

const text = z.string().max(5000)
const address = z.strictObject({
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
  invoice_settings: z.strictObject({ default_payment_method: z.string().optional() }).optional(),
}
const taxIdData = z.array(z.strictObject({ type: z.string(), value: z.string() })).max(5)

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
  z.strictObject({ ...fields, tax_id_data: taxIdData.optional() }),
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

const update = route('POST', '/v1/customers/:id', z.strictObject(fields), (world, params, id) => {
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

const retrieve = route('GET', '/v1/customers/:id', z.strictObject(expandable()), ({ objects }, _, id) => {
  const customer = objects.customers[id]
  if (!customer) throw noSuch('customer', id)
  return customer
})

const list = route(
  'GET',
  '/v1/customers',
  z.strictObject({ ...paging, ...expandable(), email: z.string().max(512).optional() }),
  (world, { email, ...page }) => {
    const customers = liveCustomers(world).filter((customer) => email === undefined || customer.email === email)
    return pageOf(customers, '/v1/customers', page)
  },
)

const search = route(
  'GET',
  '/v1/customers/search',
  z.strictObject({ ...expandable(), query: z.string(), limit: paging.limit }),
  (world, { query, limit }) => {
    const found = liveCustomers(world).filter((customer) => matchesQuery(query, customer.metadata))
    const { data, has_more, url } = pageOf(found, '/v1/customers/search', { limit })
    return { object: 'search_result', data, has_more, next_page: null, url }
  },
)

const remove = route('DELETE', '/v1/customers/:id', z.strictObject({}), (world, _, id) => {
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
  z.strictObject({ ...paging, ...expandable() }),
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
