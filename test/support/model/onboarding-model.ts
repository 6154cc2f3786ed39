import type { Decision, Task } from '../../../orchestrator/model/decision.ts'
import { answerText } from './answer-text.ts'
import type { Heard, Reply } from './messages-api.ts'

const ref = (pointer: string) => ({ $ref: pointer })
const input = (pointer: string) => ref(`/input${pointer}`)
const output = (task: string, field: string) => ref(`/tasks/${task}/output/${field}`)

const signup = {
  name: input('/organization/name'),
  slug: input('/organization/slug'),
  domain: input('/organization/domain'),
  country: input('/organization/country'),
  plan: input('/plan'),
  seats: input('/seats'),
  admin_name: input('/admin/name'),
  admin_email: input('/admin/email'),
}

/** The flagship goal as a good model plans it, for an input that gives everything. */
export const onboardingTasks: Task[] = [
  task('check', 'organizations.validate_signup', signup),
  task('organization', 'organizations.create_organization', {
    ...signup,
    validated_signup: output('check', 'validated_signup'),
  }),
  task('workspace', 'provisioning.create_workspace', {
    organization_id: output('organization', 'organization_id'),
    slug: output('organization', 'slug'),
    region: input('/region'),
    admin_name: input('/admin/name'),
    admin_email: input('/admin/email'),
  }),
  task('customer', 'billing.create_customer', {
    organization_id: output('organization', 'organization_id'),
    name: input('/organization/name'),
    email: input('/admin/email'),
    country: input('/organization/country'),
    tax_id: input('/tax_id'),
  }),
  task('subscription', 'billing.create_subscription', {
    customer_id: output('customer', 'customer_id'),
    price: { $text: [input('/plan'), '_', input('/interval')] },
    seats: input('/seats'),
  }),
  task('welcome', 'email.send_onboarding_email', {
    to: input('/admin/email'),
    admin_name: input('/admin/name'),
    organization_name: input('/organization/name'),
    organization_id: output('organization', 'organization_id'),
    plan: input('/plan'),
    seats: input('/seats'),
    workspace_url: output('workspace', 'url'),
    workspace_id: output('workspace', 'workspace_id'),
  }),
  task('tell', 'slack.post_message', {
    channel: '#customers',
    text: {
      $text: [
        input('/organization/name'),
        ' is on board: ',
        input('/plan'),
        ' with ',
        input('/seats'),
        ' seats, subscription ',
        output('subscription', 'status'),
        ', workspace ',
        output('workspace', 'url'),
      ],
    },
  }),
]

function task(id: string, tool: string, args: Task['arguments']): Task {
  return { id, tool, arguments: args, after: [], why: '' }
}

/** What a prompt says, read as a model reads it: by its text alone. */
export function readPrompt({ body }: Heard) {
  const text = body.messages.flatMap(({ content }) => content.map((block) => block.text)).join('\n')
  const held = [...text.matchAll(/^- (\S+): established by (\S+)$/gm)].map(([, fact = '', task = '']) => ({
    fact,
    task,
  }))
  const open = [...text.matchAll(/^- (\S+): does not hold$/gm)].map(([, fact = '']) => fact)
  return { text, isNew: text.includes('Nothing has been done yet.'), held, open }
}

/** A model that plans once, finishes where every outcome holds, and gives up the others where not. */
export function modelOf(tasks: readonly Task[]): (heard: Heard) => Reply {
  return (heard) => ({ text: answerText(decide(heard, tasks)) })
}

function decide(heard: Heard, tasks: readonly Task[]): Decision {
  const { isNew, held, open } = readPrompt(heard)
  if (isNew) return { kind: 'plan', tasks: [...tasks], confidence: 0.95, why: 'The whole of it at once.' }
  if (open.length > 0)
    return { kind: 'give_up', code: 'task_failed', facts: open, issues: [], why: `${open.join(', ')} cannot be had` }
  const outcomes = held.map(({ fact, task: established_by }) => ({ fact, established_by }))
  return { kind: 'finish', outcomes, why: 'Every outcome holds.' }
}
