import type { RequestRule } from '../../../shared/manifest.ts'

/** The path and the query of a request, as they came. */
export interface Target {
  path: string
  query: string
}

/**
 * Takes a request's target apart. Undefined where one server might read another path from it than we do: no absolute URL, no
 * dot segments, no empty segments, no encoded slashes or dots, no control characters.
 */
export function parseTarget(target: string): Target | undefined {
  const at = target.indexOf('?')
  const path = at === -1 ? target : target.slice(0, at)
  const query = at === -1 ? '' : target.slice(at)
  if (!/^\/[\x21-\x7e]*$/.test(path) || /[\\#;]|%(2f|5c|2e|00|25)/i.test(path) || !/^[\x21-\x7e]*$/.test(query))
    return undefined
  const segments = path.slice(1).split('/')
  const sound = segments.every((segment, index) =>
    segment === '' ? index === segments.length - 1 : segment !== '.' && segment !== '..',
  )
  return sound ? { path, query } : undefined
}

/** What of a path lies below a base path (`/api`): `/chat.postMessage` of `/api/chat.postMessage`. */
export function pathBelow(base: string, path: string): string | undefined {
  const root = base.replace(/\/$/, '')
  if (root === '') return path
  if (path === root) return '/'
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined
}

/** Whether a rule lets a request through at the endpoint it is for; the path is relative to the endpoint's. */
export function ruleAllows(rule: RequestRule, request: { endpoint: string; method: string; path: string }): boolean {
  return (
    rule.endpoint === request.endpoint &&
    rule.methods.some((method) => method === request.method) &&
    rule.paths.some((pattern) => pathMatches(pattern, request.path))
  )
}

/** Literal segments match as they are written, a placeholder one segment that is not empty. */
function pathMatches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const found = path.split('/')
  return (
    wanted.length === found.length &&
    wanted.every((segment, index) => (segment.startsWith('{') ? found[index] !== '' : segment === found[index]))
  )
}
