import type { Issue } from '../../shared/failure.ts'
import type { Manifest } from '../../shared/manifest.ts'
import { goalServer } from './sub-goals.ts'

/**
 * Names under which one could be taken for another: of servers, of tools within one, and of tools of different servers once
 * the dot between server and tool is written `_`, as hosts do that allow no dot.
 */
export function nameIssues({ servers }: Manifest): Issue[] {
  const taken = new Map<string, string>()
  const issues: Issue[] = []
  const take = (name: string, what: string, path: string): void => {
    const holder = taken.get(name)
    if (holder === undefined) taken.set(name, what)
    else issues.push({ path: `${path}/name`, message: `${what} has the name of ${holder}` })
  }
  for (const [s, server] of servers.entries()) {
    const path = `/servers/${s}`
    if (server.name === goalServer)
      issues.push({ path: `${path}/name`, message: `${goalServer} is the server whose tools are goals` })
    take(`server ${server.name}`, `the server ${server.name}`, path)
    for (const [t, tool] of server.tools.entries())
      take(`tool ${server.name}_${tool.name}`, `the tool ${server.name}.${tool.name}`, `${path}/tools/${t}`)
  }
  return issues
}
