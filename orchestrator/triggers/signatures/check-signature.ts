import type { Webhook } from '../trigger.ts'
import type { Checked, Checking, SignedRequest } from './delivery.ts'
import { checkGithub } from './github.ts'
import { checkHmac } from './hmac.ts'
import { checkSlack } from './slack.ts'
import { checkStandardWebhooks } from './standard-webhooks.ts'
import { checkStripe } from './stripe.ts'

/** Whether a request is a delivery of its source: its signature is the only thing that says so. */
export function checkSignature(webhook: Webhook, request: SignedRequest, checking: Checking): Checked {
  switch (webhook.source) {
    case 'stripe':
      return checkStripe(request, checking, webhook.tolerance_s)
    case 'github':
      return checkGithub(request, checking)
    case 'slack':
      return checkSlack(request, checking, webhook.tolerance_s)
    case 'standard_webhooks':
      return checkStandardWebhooks(request, checking, webhook.tolerance_s)
    case 'hmac':
      return checkHmac(request, checking, webhook)
  }
}
