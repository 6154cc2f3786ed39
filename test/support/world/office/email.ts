import { type Thing, Things } from '../things.ts'
import { answer, fail, type Vendor } from '../vendor.ts'

/** A mail server: what is sent twice arrives twice, and nothing comes back. */
export function email(): Vendor {
  const mails = new Things('email', 'mail')
  const sent = ({ id, values }: Thing) => ({ message_id: id, accepted: [String(values.to)], response: '250 OK' })
  return {
    tools: {
      send_onboarding_email: (args, doing) => answer(sent(mails.make(`mail to ${args.to}`, args, doing))),
      find_delivery({ to, organization_id }, { run_id }) {
        const found = mails.find(
          (mail) => mail.run_id === run_id && mail.values.to === to && mail.values.organization_id === organization_id,
        )
        if (!found) return fail('not_found', 'No such mail was sent.')
        const about = { state: 'sent', to: String(to), subject: 'Welcome', sent_at: '2026-01-01T00:00:00.000Z' }
        return answer({ ...sent(found), ...about })
      },
    },
    traces: () => mails.present(),
    everMade: () => mails.everMade(),
  }
}
