import { digest } from '../../../../shared/json.ts'
import { type Thing, Things } from '../things.ts'
import { answer, fail, type Vendor } from '../vendor.ts'

/** The register of organizations. A key makes one for ever: once that is deleted, a late repeat is refused. */
export function organizations(): Vendor {
  const things = new Things('organizations', 'org')
  const byKey = new Map<string, Thing>()
  return {
    tools: {
      validate_signup: (args) => answer({ ...args, validated_signup: digest(args) }),
      create_organization(args, doing) {
        const { validated_signup: _, ...signup } = args
        const made = byKey.get(doing.key) ?? things.make(`organization ${args.slug}`, signup, doing)
        byKey.set(doing.key, made)
        if (things.wasRemoved(made)) return fail('conflict', `This key made ${made.id}, which was deleted.`)
        return answer({ ...signup, organization_id: made.id, status: 'active', created_at: '2026-01-01T00:00:00.000Z' })
      },
      delete_organization: ({ organization_id: id }) =>
        answer({ organization_id: String(id), deleted: things.remove((thing) => thing.id === id) }),
    },
    traces: () => things.present(),
    everMade: () => things.everMade(),
  }
}
