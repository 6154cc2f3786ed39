import type { JsonObject } from '../../../shared/json.ts'
import type { ChangedTool, ToolFace, ToolReview } from '../../model/tool-review.ts'
import { type AddCommand, type Context, commandName, jsonOption, note, print, printJson } from '../context.ts'
import { agreeToGoLive } from '../go-live.ts'
import { interruptible, untilInterrupted } from '../open-interruptibly.ts'
import { InputError } from '../remit.ts'
import { diffLines } from '../text/diff-lines.ts'
import { bad, good, heading, type Line } from '../text/line.ts'

interface AcceptOptions {
  yes?: boolean
  json?: boolean
}

/** `remit servers accept`: shows how a running server's tools differ from the reviewed ones, and accepts them as they are now. */
export const addAccept: AddCommand = (program, context) => {
  program
    .command('accept')
    .summary('show how the tools of a server changed, and accept them')
    .argument('<server>', 'the name of a capability server')
    .option('-y, --yes', 'accept what changed without being asked')
    .option(...jsonOption)
    .action(async (server: string, { yes = false }: AcceptOptions, command: { optsWithGlobals(): AcceptOptions }) => {
      await accept(server, { yes, json: command.optsWithGlobals().json === true }, context)
    })
}

async function accept(server: string, options: Required<AcceptOptions>, context: Context): Promise<void> {
  const { terminal, workplace } = context
  await agreeToGoLive(context, { yes: false, server })
  let accepted = false
  const review = await interruptible(terminal, (signal) =>
    workplace.reviewTools(server, {
      signal,
      accept: async (shown) => {
        if (!options.json) print(context, reviewLines(shown))
        accepted = shown.changed.some(({ live }) => live) && (options.yes || (await agreed(shown, options, context)))
        return accepted
      },
    }),
  )
  if (options.json) return printJson(context, { ...review, accepted })
  if (review.changed.length === 0) {
    print(context, [[good('✓ '), `${server} tells its tools as they were reviewed.`], ...otherLines(review)])
  } else if (accepted) {
    const names = review.changed.flatMap(({ tool, live }) => (live ? [tool] : []))
    print(context, [
      [good('✓ '), `Accepted ${names.join(', ')}: recorded, and it counts until the manifest changes.`],
      ['  Workers that run take it up at once, hosts when they start again.'],
    ])
  }
}

/** Scripts are told what changed and accept it with `--yes`; a person is asked. */
async function agreed({ server }: ToolReview, { json }: Required<AcceptOptions>, context: Context): Promise<boolean> {
  const { terminal } = context
  if (json) return false
  if (!terminal.canAsk) {
    note(context, [
      [`Nothing is accepted. Accept it on a terminal, or with: ${commandName} servers accept ${server} --yes`],
    ])
    return false
  }
  const answer = await untilInterrupted(terminal, () => terminal.ask('Accept these tools as they are now? [y/N] '))
  if (!/^\s*y(es)?\s*$/i.test(answer ?? '')) throw new InputError('Not accepted: nothing was changed')
  return true
}

function reviewLines(review: ToolReview): Line[] {
  return [...review.changed.flatMap((changed) => changedLines(review.server, changed)), ...otherLines(review)]
}

function changedLines(server: string, { tool, why, reviewed, live }: ChangedTool): Line[] {
  const title: Line = [heading(`${server}.${tool}`), `: ${why}`]
  if (!live) return [title, [bad('  It cannot be accepted: '), 'it stays refused.'], []]
  return [
    title,
    ...faces.flatMap(({ what, text }) => {
      const lines = diffLines(text(reviewed), text(live))
      return lines.length === 0 ? [] : [[`  ${what}`], ...lines.map((line): Line => ['    ', ...line])]
    }),
    [],
  ]
}

const faces: { what: string; text(face: ToolFace): string }[] = [
  { what: 'description', text: ({ description }) => description },
  { what: 'input', text: ({ input }) => pretty(input) },
  { what: 'output', text: ({ output }) => (output ? pretty(output) : 'none') },
  { what: 'annotations', text: ({ annotations }) => pretty(annotations) },
]

/** Members in one order, whatever order a server tells them in. */
function pretty(value: JsonObject): string {
  const sorted = (_: string, node: unknown) =>
    typeof node === 'object' && node !== null && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1)))
      : node
  return JSON.stringify(value, sorted, 2)
}

function otherLines({ server, others }: ToolReview): Line[] {
  if (others.length === 0) return []
  return [[`${server} offers ${others.join(', ')}, too: not in the manifest, so never called.`]]
}
