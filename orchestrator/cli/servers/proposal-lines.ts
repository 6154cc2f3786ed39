import { jailSchema, type ServerManifest, type ToolManifest } from '../../../shared/manifest.ts'
import { unpinned } from '../../model/joined-server.ts'
import { diffLines } from '../text/diff-lines.ts'
import { bad, doubtful, faint, heading, type Line, paragraph } from '../text/line.ts'
import { table } from '../text/table.ts'
import type { JoinProposal } from './server-wish.ts'

/** What a person reads before a stranger's server joins: what it is, what it may do, and what each tool would be taken for. */
export function proposalLines(
  proposal: JoinProposal,
  { columns, fit }: { columns: number; fit: number | undefined },
): Line[] {
  const { server, leftOut, replaces } = proposal
  const fact = (what: string, text: string) => paragraph([faint(`  ${what.padEnd(12)}`)], text, columns)
  return [
    [heading(server.title), ` ${server.version}`, ...(server.name === server.title ? [] : [` as ${server.name}`])],
    ...fact('comes from', originText(proposal)),
    ...notPinned(proposal, columns),
    ...fact('runs', server.remote ? `at ${server.remote.url}` : server.command.join(' ')),
    ...reachLines(proposal).flatMap(([what, text]) => fact(what, text)),
    [],
    ...table(
      [{ title: 'tool' }, { title: 'effect' }, { title: 'a repeat' }, { title: 'establishes' }, { title: 'undone by' }],
      server.tools.map(toolRow),
      fit,
    ),
    ...leftOut.map(({ tool, why }): Line => [doubtful('! '), `${tool} is left out: ${why}`]),
    ...(replaces
      ? ['', ...changes(replaces, server)].map((line): Line => (typeof line === 'string' ? [line] : line))
      : []),
    [],
    ...paragraph(
      ['  '],
      'Effects are what the server says of its tools, and the worst where it says nothing: an overlay corrects them. --json shows their descriptions and schemas.',
      columns,
    ),
  ]
}

function toolRow({ name, effect, idempotency, establishes, compensation }: ToolManifest): string[] {
  const repeat =
    effect === 'read' || idempotency === 'natural'
      ? 'is the same'
      : idempotency === 'none'
        ? 'happens twice'
        : 'is known by its key'
  return [name, effect, repeat, establishes.join(', ') || '-', compensation?.tool ?? '-']
}

function originText({ origin, packages }: JoinProposal): string {
  if (origin.from === 'url') return 'a server elsewhere'
  if (origin.from === 'command') return 'a program of this machine'
  const others = packages === 1 ? 'alone' : `with ${packages - 1} others`
  return `npm: ${origin.package} ${origin.version}, ${others}, each held by its integrity; none of their scripts ran`
}

function notPinned({ origin }: JoinProposal, columns: number): Line[] {
  const why = unpinned(origin)
  return why === undefined ? [] : paragraph([doubtful('  ! not pinned '.padEnd(14))], why, columns)
}

function reachLines({ server, credentials }: JoinProposal): [string, string][] {
  const slots = Object.keys(server.credentials).map((slot) => {
    const source = credentials[slot]
    return `${slot} ${source === undefined ? 'from the configuration' : 'env' in source ? `from the environment (${source.env})` : `from ${source.file}`}`
  })
  if (server.remote)
    return [['credentials', slots.join(', ') || 'none: it is asked without a token, unless its oauth is configured']]
  const { read, write } = jailSchema.parse(server.jail ?? {})
  return [
    ['reads', read.join(', ') || 'nothing but its own files'],
    ['writes', write.join(', ') || 'nothing but its own folder'],
    ['network', server.egress.join(', ') || 'none'],
    ['credentials', slots.join(', ') || 'none'],
  ]
}

/** What differs from the server that has the name now. */
function changes(before: ServerManifest, after: ServerManifest): Line[] {
  const was = new Map(before.tools.map((tool) => [tool.name, tool]))
  const is = new Map(after.tools.map((tool) => [tool.name, tool]))
  const lines = [...new Set([...was.keys(), ...is.keys()])].flatMap((name): Line[] => {
    const [old, now] = [was.get(name), is.get(name)]
    if (!old) return [[`  + ${name}: new`]]
    if (!now) return [[bad(`  - ${name}: gone`)]]
    if (old.fingerprint === now.fingerprint) return []
    const texts = [old, now].map(({ description, input, output, annotations }) =>
      JSON.stringify({ description, input, output, annotations }, null, 2),
    )
    return [
      [`  ~ ${name}: changed`],
      ...diffLines(texts[0] ?? '', texts[1] ?? '').map((line): Line => ['      ', ...line]),
    ]
  })
  const tools = lines.length > 0 ? lines : [['  Its tools are as they were.'] as Line]
  return [[heading(`It takes the place of ${before.title} ${before.version}.`)], ...tools]
}
