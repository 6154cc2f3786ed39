import { randomBytes } from 'node:crypto'
import type Stripe from 'stripe'
import { z } from 'zod'
import type { WebhookEndpoint } from './objects.ts'
import { pageOf } from './pages.ts'
import { changedMetadata, expandable, flag, metadata, paging } from './params.ts'
import { paramsOf } from './params-of.ts'
import { route } from './route.ts'
import { invalidParameter, noSuch, unsupported } from './stripe-rejection.ts'
import { apiVersion, type World } from './world.ts'

const enabledEvents = z.array(z.string().min(1)).min(1)
const fields = { ...expandable(), description: z.string().max(5000).optional(), metadata: metadata.optional() }
const maxEndpoints = 16

/** What an endpoint is made of. */
export interface EndpointRequest {
  url: string
  enabled_events: string[]
  description?: string | undefined
  metadata?: z.infer<typeof metadata> | undefined
}

/** Registers an endpoint and returns it with its signing secret, which nothing shows again. */
export function addEndpoint(world: World, request: EndpointRequest): WebhookEndpoint & { secret: string } {
  checkUrl(request.url)
  if (Object.keys(world.objects.webhook_endpoints).length >= maxEndpoints)
    throw invalidParameter('url', `You have reached the maximum of ${maxEndpoints} test webhook endpoints.`)
  const endpoint: WebhookEndpoint = {
    id: world.newId('we'),
    object: 'webhook_endpoint',
    api_version: apiVersion,
    application: null,
    created: world.now(),
    description: request.description ?? null,
    enabled_events: request.enabled_events,
    livemode: false,
    metadata: changedMetadata({}, request.metadata),
    status: 'enabled',
    url: request.url,
  }
  const secret = `whsec_${randomBytes(24).toString('base64url').replace(/[-_]/g, '0')}`
  world.objects.webhook_endpoints[endpoint.id] = endpoint
  world.webhookSecrets[endpoint.id] = secret
  return { ...endpoint, secret }
}

const create = route(
  'POST',
  '/v1/webhook_endpoints',
  paramsOf<Stripe.WebhookEndpointCreateParams>()(
    { ...fields, url: z.string().max(5000), enabled_events: enabledEvents },
    'api_version',
    'connect',
  ),
  (world, params) => addEndpoint(world, params),
)

const update = route(
  'POST',
  '/v1/webhook_endpoints/:id',
  paramsOf<Stripe.WebhookEndpointUpdateParams>()({
    ...fields,
    url: z.string().max(5000).optional(),
    enabled_events: enabledEvents.optional(),
    disabled: flag.optional(),
  }),
  (world, { url, enabled_events, description, metadata, disabled }, id) => {
    const endpoint = endpointOf(world, id)
    if (url !== undefined) checkUrl(url)
    if (url !== undefined) endpoint.url = url
    if (enabled_events !== undefined) endpoint.enabled_events = enabled_events
    if (description !== undefined) endpoint.description = description || null
    if (disabled !== undefined) endpoint.status = disabled ? 'disabled' : 'enabled'
    endpoint.metadata = changedMetadata(endpoint.metadata, metadata)
    return endpoint
  },
)

const retrieve = route(
  'GET',
  '/v1/webhook_endpoints/:id',
  paramsOf<Stripe.WebhookEndpointRetrieveParams>()(expandable()),
  (world, _, id) => endpointOf(world, id),
)

const list = route(
  'GET',
  '/v1/webhook_endpoints',
  paramsOf<Stripe.WebhookEndpointListParams>()({ ...paging, ...expandable() }),
  ({ objects }, page) => pageOf(Object.values(objects.webhook_endpoints), '/v1/webhook_endpoints', page),
)

const remove = route(
  'DELETE',
  '/v1/webhook_endpoints/:id',
  paramsOf<Stripe.WebhookEndpointDeleteParams>()({}),
  (world, _, id) => {
    endpointOf(world, id)
    delete world.objects.webhook_endpoints[id]
    delete world.webhookSecrets[id]
    return { id, object: 'webhook_endpoint', deleted: true }
  },
)

export const webhookEndpointRoutes = [create, update, retrieve, list, remove]

function endpointOf({ objects }: World, id: string): WebhookEndpoint {
  const endpoint = objects.webhook_endpoints[id]
  if (!endpoint) throw noSuch('webhook endpoint', id)
  return endpoint
}

/** Nothing that the emulator sends leaves the machine. */
function checkUrl(url: string): void {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw invalidParameter('url', 'Invalid URL: An explicit scheme (such as https) must be provided.', 'url_invalid')
  const { hostname } = new URL(url)
  if (!/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname))
    throw unsupported(`webhooks to ${hostname}: it delivers to loopback only`)
}
