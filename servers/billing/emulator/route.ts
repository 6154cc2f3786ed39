import type { z } from 'zod'
import type { World } from './world.ts'

/** One of the requests that the emulator answers. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE'
  /** `/v1/customers/:id` */
  path: string
  params: z.ZodObject
  /** Returns the body of a 200, or throws `StripeRejection`. */
  answer(world: World, params: unknown, id: string): unknown
}

/** Types a route; the one id in its path, if any, comes third. */
export function route<Params extends z.ZodObject>(
  method: Route['method'],
  path: string,
  params: Params,
  answer: (world: World, params: z.output<Params>, id: string) => unknown,
): Route {
  return { method, path, params, answer: answer as Route['answer'] }
}
