import { z } from 'zod'

/** The variable by which a server hears where its endpoints really are, when their URLs lead to a door of its jail. */
export const endpointPlacesVariable = 'REMIT_ENDPOINT_PLACES'

/** Where an endpoint really is. */
export interface Place {
  /** As in a URL: an IPv6 address stands in brackets. */
  hostname: string
  port: number
}

const placesSchema = z.record(z.string(), z.string().regex(/:\d+$/))

/** Reads {@link endpointPlacesVariable}: endpoint variable → place, for the endpoints that are reached through a door. */
export function readEndpointPlaces(text: string | undefined): ReadonlyMap<string, Place> {
  if (text === undefined || text === '') return new Map()
  const places = placesSchema.parse(JSON.parse(text))
  return new Map(
    Object.entries(places).map(([endpoint, place]) => {
      const at = place.lastIndexOf(':')
      return [endpoint, { hostname: place.slice(0, at), port: Number(place.slice(at + 1)) }]
    }),
  )
}
