import type Stripe from 'stripe'
import { CapabilityError } from '../../shared/capability/index.ts'

type TaxIdType = Stripe.CustomerCreateParams.TaxIdDatum.Type

const euCountries = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ')

const typeByCountry: Record<string, TaxIdType> = {
  ...Object.fromEntries(euCountries.map((country) => [country, 'eu_vat' as const])),
  AU: 'au_abn',
  CA: 'ca_bn',
  CH: 'ch_vat',
  GB: 'gb_vat',
  NO: 'no_vat',
  NZ: 'nz_gst',
  US: 'us_ein',
}

/** Stripe's kind of tax id for a country (ISO 3166 alpha-2). Throws `invalid_input` where none is known. */
export function taxIdType(country: string | undefined): TaxIdType {
  const type = country === undefined ? undefined : typeByCountry[country]
  if (type !== undefined) return type
  const message =
    country === undefined
      ? 'is needed to know the kind of the tax id'
      : `is none of the countries whose tax ids are known: ${Object.keys(typeByCountry).sort().join(', ')}`
  throw new CapabilityError('invalid_input', `The tax id cannot be used: /country ${message}.`, {
    issues: [{ path: '/country', message }],
  })
}
