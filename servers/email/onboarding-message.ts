import type { Message } from './mailer.ts'
import { renderOnboardingHtml } from './onboarding-html.ts'

/** What the onboarding message says; every value may come from a customer and is shown as text, never as markup. */
export interface Onboarding {
  to: string
  admin_name: string
  organization_name: string
  organization_id: string
  plan: string
  seats: number
  workspace_url: string
  workspace_id: string
}

/** The onboarding message, as text and as HTML that say the same. */
export async function onboardingMessage(onboarding: Onboarding): Promise<Message> {
  return {
    to: { name: onboarding.admin_name, address: onboarding.to },
    subject: `Your ${onboarding.organization_name} workspace is ready`,
    text: renderText(onboarding),
    html: await renderOnboardingHtml(onboarding, planLabel(onboarding), steps),
    organizationId: onboarding.organization_id,
  }
}

const steps = [
  { title: 'Sign in', text: 'Open the workspace and choose how your organization signs in.' },
  { title: 'Invite your team', text: 'Add people by e-mail; each takes one of your seats.' },
  { title: 'Start a project', text: 'Everything in it is private to your organization.' },
]

function planLabel({ plan, seats }: Onboarding): string {
  return `${plan.charAt(0).toUpperCase()}${plan.slice(1)}, ${seats} ${seats === 1 ? 'seat' : 'seats'}`
}

function renderText(onboarding: Onboarding): string {
  return `Hello ${onboarding.admin_name},

the workspace of ${onboarding.organization_name} is ready.

Open it: ${onboarding.workspace_url}

  Organization  ${onboarding.organization_name}
  Plan          ${planLabel(onboarding)}
  Workspace     ${onboarding.workspace_id}

Next steps
${steps.map(({ title, text }, index) => `  ${index + 1}. ${title}. ${text}`).join('\n')}

You get this message because you were named as the administrator of
${onboarding.organization_name} (${onboarding.organization_id}). If that is a mistake, ignore it:
nobody can enter the workspace without signing in.
`
}
