import { isIP } from 'node:net'
import { LaunchError } from '../launch-error.ts'

/** With these a client looks whether a certificate is for the host that it asked for; libpq does so for the first alone. */
const checking = new Set(['verify-full', 'verify-ca', 'true', '1'])

/**
 * The name for which a client of this Postgres URL wants the server's certificate to be; undefined where it checks none.
 * Throws a {@link LaunchError} for an address: nothing can stand for it in a jail, where doors have another one.
 */
export function checkedName(slot: string, { hostname, searchParams }: URL): string | undefined {
  const mode = searchParams.get('sslmode') ?? searchParams.get('ssl') ?? ''
  if (!checking.has(mode) && searchParams.get('sslrootcert') !== 'system') return undefined
  if (isIP(hostname.replace(/^\[|\]$/g, '')) === 0) return hostname
  throw new LaunchError(
    `${slot} asks that the certificate of the address ${hostname} be checked, which cannot be done through a jail's door: ` +
      'name the host by a name in the URL, or write sslmode=require',
  )
}
