import type Stripe from 'stripe'
import { z } from 'zod'
import type { Product } from './objects.ts'
import { pageOf } from './pages.ts'
import { changedMetadata, created, expandable, flag, metadata, paging } from './params.ts'
import { paramsOf } from './params-of.ts'
import { route } from './route.ts'
import { invalidParameter, noSuch } from './stripe-rejection.ts'
import type { World } from './world.ts'

const fields = {
  ...expandable(),
  active: flag.optional(),
  description: z.string().max(40_000).optional(),
  metadata: metadata.optional(),
  unit_label: z.string().max(12).optional(),
}
const missing = [
  'images',
  'marketing_features',
  'package_dimensions',
  'shippable',
  'statement_descriptor',
  'tax_code',
  'tax_details',
  'url',
] as const

const createParams = paramsOf<Stripe.ProductCreateParams>()(
  { ...fields, id: z.string().max(255).optional(), name: z.string().min(1).max(250) },
  ...missing,
  'default_price_data',
  'type',
)

const create = route('POST', '/v1/products', createParams, (world, { id, name, ...given }) => {
  if (id !== undefined && world.objects.products[id]) {
    throw invalidParameter('id', `Product already exists with ID: ${id}`, 'resource_already_exists')
  }
  return addProduct(world, { ...given, id: id ?? world.newId('prod'), name })
})

const updateParams = paramsOf<Stripe.ProductUpdateParams>()(
  { ...fields, default_price: z.string().optional(), name: z.string().min(1).max(250).optional() },
  ...missing,
)

const update = route('POST', '/v1/products/:id', updateParams, (world, params, id) => {
  const product = productOf(world, id)
  const { active, default_price, description, name, unit_label } = params
  if (default_price !== undefined && world.objects.prices[default_price]?.product !== id) {
    throw invalidParameter(
      'default_price',
      `The product has no price with the ID ${default_price}.`,
      'resource_missing',
    )
  }
  const before = structuredClone(product)
  if (active !== undefined) product.active = active
  if (default_price !== undefined) product.default_price = default_price
  if (description !== undefined) product.description = description || null
  if (name !== undefined) product.name = name
  if (unit_label !== undefined) product.unit_label = unit_label || null
  product.metadata = changedMetadata(product.metadata, params.metadata)
  product.updated = world.now()
  world.emit('product.updated', product, before)
  return product
})

const list = route(
  'GET',
  '/v1/products',
  paramsOf<Stripe.ProductListParams>()(
    {
      ...paging,
      ...expandable(),
      active: flag.optional(),
      created: created.optional(),
      ids: z.array(z.string()).optional(),
    },
    'shippable',
    'type',
    'url',
  ),
  ({ objects }, { active, created, ids, ...page }) => {
    const products = Object.values(objects.products).filter(
      (product) =>
        (active === undefined || product.active === active) &&
        (created === undefined || created(product.created)) &&
        (ids === undefined || ids.includes(product.id)),
    )
    return pageOf(products, '/v1/products', page)
  },
)

const retrieveParams = paramsOf<Stripe.ProductRetrieveParams>()(expandable())

const retrieve = route('GET', '/v1/products/:id', retrieveParams, (world, _, id) => productOf(world, id))

export const productRoutes = [create, update, list, retrieve]

/** A product that is there. Throws `resource_missing`. */
export function productOf({ objects }: World, id: string, param?: string): Product {
  const product = objects.products[id]
  if (!product) throw noSuch('product', id, param, param === undefined ? 404 : 400)
  return product
}

/** What a product is made of. */
interface ProductRequest {
  id: string
  name: string
  active?: boolean | undefined
  description?: string | undefined
  metadata?: z.infer<typeof metadata> | undefined
  unit_label?: string | undefined
}

/** Makes a product. */
export function addProduct(world: World, request: ProductRequest): Product {
  const product = newProduct({ ...request, created: world.now() })
  world.objects.products[product.id] = product
  world.emit('product.created', product)
  return product
}

/** A product as Stripe shows it. */
export function newProduct(request: ProductRequest & { created: number }): Product {
  const { id, created, name, active, description, metadata, unit_label } = request
  return {
    id,
    object: 'product',
    active: active ?? true,
    created,
    default_price: null,
    description: description || null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: changedMetadata({}, metadata),
    name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: unit_label || null,
    updated: created,
    url: null,
  }
}
