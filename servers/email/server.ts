import { z } from 'zod'
import {
  type CallContext,
  CapabilityError,
  defineServer,
  defineTool,
  destination,
  fact,
  UncertainError,
} from '../../shared/capability/index.ts'
import { faults } from './faults.ts'
import { type Mailer, openMailer, type Sent } from './mailer.ts'
import { onboardingMessage } from './onboarding-message.ts'
import type { Delivery } from './outbox.ts'

/** Text that ends up in a header: a line break in it would start a header of the writer's own. */
function line(max: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), 'must be one line without control characters')
}

const receipt = z.object({
  message_id: fact(z.string(), 'email.message_id').describe('The Message-ID header, with angle brackets.'),
  accepted: z.array(z.string()).describe('The addresses that the mail server took the message for.'),
  response: z.string().describe("The mail server's last reply."),
  file: fact(z.string().optional(), 'email.file').describe('Where the message lies, when the mail server told.'),
})

const sendOnboardingEmail = defineTool({
  name: 'send_onboarding_email',
  title: 'Send onboarding e-mail',
  description: "Tell a new organization's administrator that the workspace is ready. Use after the workspace exists.",
  input: z.object({
    to: destination(fact(z.email(), 'organizations.admin_email')),
    admin_name: fact(line(200), 'organizations.admin_name'),
    organization_name: fact(line(200), 'organizations.name'),
    organization_id: fact(line(100), 'organizations.organization_id'),
    plan: fact(line(50), 'organizations.plan'),
    seats: fact(z.int().min(1), 'organizations.seats'),
    workspace_url: fact(z.url({ protocol: /^https?$/ }), 'provisioning.url'),
    workspace_id: fact(line(100), 'provisioning.workspace_id'),
  }),
  output: receipt,
  effect: 'create',
  idempotency: 'none',
  scopes: ['messages:send'],
  establishes: ['email.onboarding'],
  lookup: {
    tool: 'find_delivery',
    arguments: {
      to: { $ref: '/arguments/to' },
      organization_id: { $ref: '/arguments/organization_id' },
      this_run: true,
    },
  },
  example: {
    to: 'ada@acme.example',
    admin_name: 'Ada Lovelace',
    organization_name: 'Acme GmbH',
    organization_id: 'org_example',
    plan: 'team',
    seats: 25,
    workspace_url: 'https://acme.workspaces.example/',
    workspace_id: 'ws_example',
  },
  async run(onboarding, { client, ...context }: CallContext<Mailer>) {
    return toReceipt(await client.send(await onboardingMessage(onboarding), sendingOf(context)))
  },
})

const sendEmail = defineTool({
  name: 'send_email',
  title: 'Send e-mail',
  description: 'Send a plain-text message to one person.',
  input: z.object({
    to: destination(z.email()),
    subject: line(200),
    text: z.string().min(1).max(100_000),
  }),
  output: receipt,
  effect: 'create',
  idempotency: 'none',
  scopes: ['messages:send'],
  establishes: ['email.message'],
  lookup: {
    tool: 'find_delivery',
    arguments: { to: { $ref: '/arguments/to' }, subject: { $ref: '/arguments/subject' }, this_run: true },
  },
  example: { to: 'ada@acme.example', subject: 'Hello', text: 'All is well.' },
  async run({ to, subject, text }, { client, ...context }: CallContext<Mailer>) {
    return toReceipt(await client.send({ to: { address: to }, subject, text }, sendingOf(context)))
  },
})

const findDelivery = defineTool({
  name: 'find_delivery',
  title: 'Find delivery',
  description:
    "Find what became of the newest message to an address, in this server's own outbox. A message that the mail server " +
    'deferred or refused is not found, with its state; one whose acceptance was never heard of is uncertain.',
  input: z.object({
    to: z.email(),
    subject: line(200).optional(),
    organization_id: line(100).optional(),
    message_id: line(300).optional(),
    key: line(255).optional().describe('The idempotency key of the call that sent it.'),
    this_run: z.boolean().default(false).describe('Only messages sent by the run that asks.'),
  }),
  output: receipt.extend({ state: z.literal('sent'), to: z.string(), subject: z.string(), sent_at: z.string() }),
  effect: 'read',
  example: { to: { $ref: '/send_email/arguments/to' } },
  async run({ to, subject, organization_id, message_id, key, this_run }, { client, call }: CallContext<Mailer>) {
    const found = client.find({
      recipient: to,
      subject,
      organizationId: organization_id,
      messageId: message_id,
      key,
      runId: this_run ? call.runId : undefined,
    })
    if (!found) throw new CapabilityError('not_found', 'The outbox holds no such message.')
    if (found.status === 'accepted') {
      const { recipient, subject, recordedAt } = found
      return { ...toReceipt(found), state: 'sent' as const, to: recipient, subject, sent_at: recordedAt }
    }
    throw notSent(found)
  },
})

function sendingOf({ idempotencyKey, call, signal }: Omit<CallContext<Mailer>, 'client'>) {
  return { key: idempotencyKey, runId: call.runId, signal }
}

/** What is known of a message that no mail server is known to have taken. */
function notSent(found: Exclude<Delivery, { status: 'accepted' }>): CapabilityError | UncertainError {
  const known = { message_id: found.messageId, recorded_at: found.recordedAt }
  if (found.status === 'sending') {
    return new UncertainError(
      "The message was handed to the mail server and no answer came back. SMTP has no way to ask again: only the recipient or the mail server's own log can tell.",
      { done: { state: 'unknown', ...known } },
    )
  }
  const details = {
    done: { state: found.state, ...known },
    ...(found.reply !== undefined && { vendor_code: found.reply }),
  }
  return new CapabilityError('not_found', `The message was not sent: ${refusals[found.state]}.`, details)
}

const refusals = {
  deferred: 'the mail server deferred it',
  bounced: 'the mail server refused it for good',
  unsent: 'the mail server could not be reached or did not take the credentials',
}

function toReceipt({ messageId, accepted, response, file }: Sent): z.input<typeof receipt> {
  return { message_id: messageId, accepted, response, ...(file !== undefined && { file }) }
}

/** Sends mail through any SMTP server and remembers what it sent. */
export const server = defineServer({
  name: 'email',
  title: 'E-mail',
  version: '0.1.0',
  description: 'Sends e-mail over SMTP and remembers what was sent.',
  instructions:
    'Sends e-mail over SMTP. send_onboarding_email welcomes a new organization and comes after its workspace exists; send_email sends any plain-text message. E-mail cannot be undone. find_delivery tells what was sent.',
  endpoints: {
    SMTP_URL: { description: 'The mail server: smtp://host:port, or smtps://host:port for TLS.', protocol: 'smtp' },
  },
  credentials: {
    SMTP_USER: { description: 'User name at the mail server.', optional: true },
    SMTP_PASSWORD: { description: 'Password at the mail server.', optional: true },
  },
  settings: {
    EMAIL_FROM: { description: 'The sender, by default Remit <onboarding@remit.example>.' },
  },
  emulates: 'SMTP',
  faults,
  environment: z.object({
    SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be a URL such as smtp://mail.example.com:587' }),
    SMTP_USER: z.string().optional(),
    SMTP_PASSWORD: z.string().optional(),
    EMAIL_FROM: z.string().default('Remit <onboarding@remit.example>'),
  }),
  connect: ({ environment: { SMTP_URL, SMTP_USER, SMTP_PASSWORD, EMAIL_FROM }, dataFolder, places }) =>
    openMailer(
      {
        url: SMTP_URL,
        name: places.get('SMTP_URL')?.hostname.replace(/^\[|\]$/g, ''),
        credentials: SMTP_USER === undefined ? undefined : { user: SMTP_USER, password: SMTP_PASSWORD ?? '' },
      },
      EMAIL_FROM,
      dataFolder,
    ),
  disconnect: (mailer) => mailer.close(),
  tools: [sendOnboardingEmail, sendEmail, findDelivery],
})
