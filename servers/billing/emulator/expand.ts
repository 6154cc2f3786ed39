import { isJsonObject } from '../../../shared/json.ts'
import type { World } from './world.ts'

/** Fields that hold an id → where the object lies. */
const collections = {
  customer: 'customers',
  default_payment_method: 'payment_methods',
  latest_invoice: 'invoices',
  product: 'products',
} as const

/** A copy of a reply with the ids at `paths` (`latest_invoice`, `data.product`) replaced by their objects. */
export function expand(world: World, body: unknown, paths: string[] = []): unknown {
  const copy: unknown = structuredClone(body)
  for (const path of paths) expandAt(world, copy, path.split('.'))
  return copy
}

function expandAt(world: World, node: unknown, [name = '', ...rest]: string[]): void {
  if (Array.isArray(node)) {
    for (const item of node) expandAt(world, item, [name, ...rest])
  } else if (isJsonObject(node)) {
    const value = node[name]
    if (rest.length > 0) expandAt(world, value, rest)
    else if (typeof value === 'string' && isExpandable(name)) {
      Object.assign(node, { [name]: structuredClone(world.objects[collections[name]][value]) })
    }
  }
}

function isExpandable(name: string): name is keyof typeof collections {
  return Object.hasOwn(collections, name)
}
