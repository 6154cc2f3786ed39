/** What fails while a connection is made: no name, nobody listening, no trust, no protocol in common. */
const always =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|CERT_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*|ERR_TLS_(CERT_ALTNAME_INVALID|HANDSHAKE_TIMEOUT)|ERR_SSL_(WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|SSLV3_ALERT_HANDSHAKE_FAILURE|TLSV1_(ALERT_PROTOCOL_VERSION|UNRECOGNIZED_NAME)))$/
/** What also ends a connection over which a request went long ago: it depends on what was being done. */
const whileConnecting = /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|ETIMEDOUT)$/

/** True where an error of a connection, or what caused it, proves that nothing of a request was sent. */
export function neverSent(error: unknown): boolean {
  const { code = '', syscall } = causeWithCode(error)
  return always.test(code) || (syscall === 'connect' && whileConnecting.test(code))
}

/** The first error in a chain of causes that has a code; of several addresses that were tried, the first one's. */
export function causeWithCode(error: unknown): { code?: string; syscall?: string } {
  for (let at = error; at instanceof Error; at = at.cause) {
    const said: unknown = at instanceof AggregateError ? at.errors[0] : at
    if (!(said instanceof Error && 'code' in said && typeof said.code === 'string')) continue
    return { code: said.code, ...('syscall' in said && typeof said.syscall === 'string' && { syscall: said.syscall }) }
  }
  return {}
}
