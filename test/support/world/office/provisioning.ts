import { type Thing, Things } from '../things.ts'
import { type Answer, answer, type Doing, fail, type Vendor } from '../vendor.ts'

/** Workspaces, one an organization: whoever asks again gets the one that is there, finished if it was not. */
export function provisioning(): Vendor {
  const things = new Things('provisioning', 'ws')
  const found = (thing: Thing | undefined) =>
    thing ? answer(shown(thing)) : fail('not_found', 'There is no such workspace.')
  const build = (thing: Thing, { mishap }: Doing): Answer => {
    if (mishap === 'half')
      return fail('unavailable', 'The new database does not answer.', { done: { workspace_id: thing.id } })
    thing.good = true
    return answer(shown(thing))
  }
  const ofOrganization = (id: unknown) => things.find(({ values }) => values.organization_id === id)
  const byId = (id: unknown) => things.find((thing) => thing.id === id)
  return {
    tools: {
      create_workspace: (args, doing) =>
        build(ofOrganization(args.organization_id) ?? things.make(`workspace ${args.slug}`, args, doing), doing),
      repair_workspace(args, doing) {
        const thing = byId(args.workspace_id)
        return thing ? build(thing, doing) : found(undefined)
      },
      find_workspace: (args) => found(ofOrganization(args.organization_id)),
      get_workspace: (args) => found(byId(args.workspace_id)),
      delete_workspace: ({ workspace_id: id }) =>
        answer({ workspace_id: String(id), deleted: things.remove((thing) => thing.id === id) }),
    },
    traces: () => things.present(),
    everMade: () => things.everMade(),
  }
}

function shown({ id, good, values: { organization_id = '', slug = '', region = 'eu' } }: Thing) {
  return {
    workspace_id: id,
    organization_id,
    slug,
    region,
    database: `db_${id}`,
    role: `db_${id}`,
    host: 'db.example',
    port: 5432,
    connection: `secret:provisioning/${slug}`,
    url: `https://${slug}.workspaces.example/`,
    status: good ? 'ready' : 'building',
    created_at: '2026-01-01T00:00:00.000Z',
  }
}
