import type { Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import type { HttpEnv } from './http-env.ts'

/** The OpenAPI 3.1 document of an application, made from the schemas that validate its requests. */
export function openApiOf(app: Hono<HttpEnv>) {
  return generateSpecs(app, {
    excludeStaticFile: false,
    defaultValidationErrorResponse: false,
    documentation: {
      openapi: '3.1.0',
      info: {
        title: 'Remit',
        version: '1',
        description:
          'Runs goals. Errors are `application/problem+json` whose `type` is stable. Keys are made with `remit keys create`. How many requests a key sends in a minute is counted by each process: behind N of them at one address it may send up to N times as many.',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
  })
}

export type OpenApi = Awaited<ReturnType<typeof openApiOf>>
