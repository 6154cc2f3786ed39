import { Hono } from 'hono'
import { z } from 'zod'
import { describe } from '../describe.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import type { OpenApi } from '../openapi.ts'
import { pageHeaders, referencePage } from '../reference-page.ts'

/** What the application offers, for programs and for people. `openApi` is asked once all routes are there. */
export function referenceRoutes(openApi: () => Promise<OpenApi>): RouteModule {
  const routes = new Hono<HttpEnv>()

  routes.get(
    '/openapi.json',
    describe({
      summary: 'This document',
      tag: 'Reference',
      answers: { 200: { description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) } },
    }),
    async (context) => context.json(await openApi()),
  )

  routes.get(
    '/reference',
    describe({
      summary: 'This document as a page; a browser asks for the key as a password',
      tag: 'Reference',
      answers: { 200: { description: 'One page of HTML.', schema: z.string(), media: 'text/html' } },
    }),
    async (context) => context.html(referencePage(await openApi()), 200, pageHeaders),
  )

  return { access: 'key', routes }
}
