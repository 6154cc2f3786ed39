import type { Checked, Checking, SignedRequest } from './delivery.ts'
import { bodyId, isSigned, jsonOf, notJson, notSigned } from './signed-text.ts'

/**
 * `X-Hub-Signature-256: sha256=…`, over the body alone. GitHub signs neither a time nor the delivery's id, so a delivery is
 * known by its body: one that was kept and is played again is the same. https://docs.github.com/webhooks
 */
export function checkGithub({ header, body }: SignedRequest, { secrets }: Checking): Checked {
  const [, signature = ''] = /^sha256=(.*)$/.exec(header('x-hub-signature-256') ?? '') ?? []
  if (!isSigned([signature], secrets, { algorithm: 'sha256', encoding: 'hex', text: [body] }))
    return { refused: notSigned }
  const payload = jsonOf(body)
  return payload === undefined ? { refused: notJson } : { delivery: { id: bodyId(body), payload } }
}
