import type { Context, Hono } from 'hono'
import type { Caller } from '../model/caller.ts'

/** What goes with a request on its way through the application. */
export interface HttpEnv {
  Variables: {
    requestId: string
    /** Present behind authentication. */
    caller: Caller
    /** Asks whether the request's credential still stands: a stream outlives what let it in. */
    isStillAllowed: () => Promise<boolean>
  }
}

export type HttpContext = Context<HttpEnv>

/**
 * The routes of one resource. `key`: a valid key or token is needed before any of them is reached, and each says which scope;
 * `open`: they are reached without, and authenticate in their own way, if at all.
 */
export interface RouteModule {
  access: 'key' | 'open'
  /** Of open routes: they may take longer than other requests, and look after their own time. */
  patient?: true
  routes: Hono<HttpEnv>
}
