import type { z } from 'zod'
import type { AnyServer } from './define-server.ts'

/** What is wrong with the environment, one line a variable and never its value. */
export class EnvironmentError extends Error {
  /** Whether nothing is wrong with what was given: the rest was not. */
  readonly isOnlyMissing: boolean

  constructor(message: string, { isOnlyMissing }: { isOnlyMissing: boolean }) {
    super(message)
    this.isOnlyMissing = isOnlyMissing
  }
}

/** The server's environment, parsed by its schema. An empty variable counts as unset: hosts pass it for an option left blank. */
export function readEnvironment(server: AnyServer, env: Record<string, string | undefined>): Record<string, unknown> {
  const given = Object.fromEntries(
    Object.keys(server.environment.shape)
      .map((variable) => [variable, env[variable]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = server.environment.safeParse(given)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  const lines = issues.map((issue) => `  ${describe(server, given, issue)}`)
  throw new EnvironmentError(`${server.name}: the environment is not right:\n${lines.join('\n')}`, {
    isOnlyMissing: issues.every(({ path }) => !(String(path[0]) in given)),
  })
}

function describe(server: AnyServer, given: Record<string, unknown>, issue: z.core.$ZodIssue): string {
  const variable = issue.path.map(String).join('.')
  const { credentials, endpoints, settings } = server
  const purpose = (credentials?.[variable] ?? endpoints?.[variable] ?? settings?.[variable])?.description
  const fault = variable in given ? issue.message : 'is not set'
  return `${variable}: ${fault}${purpose === undefined ? '' : ` (${purpose})`}`
}
