import type { Json } from '../../../shared/json.ts'
import type { ToldServer } from '../../model/told-server.ts'
import { type AddCommand, type Context, columnsOf, jsonOption, print, printJson } from '../context.ts'
import { agreeToGoLive } from '../go-live.ts'
import { interruptible } from '../open-interruptibly.ts'
import { InputError } from '../remit.ts'
import { faint, heading, type Line, paragraph } from '../text/line.ts'

interface ShowOptions {
  resource?: string
  prompt?: string
  argument: Record<string, string>
  json?: boolean
}

/** `remit servers show`: what a running server tells of itself, its resources and prompts; one of them with an option. */
export const addShowServer: AddCommand = (servers, context) => {
  servers
    .command('show')
    .summary('ask a server for its tools, resources and prompts')
    .argument('<server>', 'its name')
    .option('--resource <uri>', 'read this resource')
    .option('--prompt <name>', 'get this prompt')
    .option('--argument <name=text>', 'an argument of the prompt', argumentOption, {} as Record<string, string>)
    .option(...jsonOption)
    .action(async (server: string, _: ShowOptions, command: { optsWithGlobals(): ShowOptions }) => {
      await show(server, command.optsWithGlobals(), context)
    })
}

function argumentOption(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InputError(`--argument ${text}: it must be NAME=TEXT`)
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

async function show(
  server: string,
  { resource, prompt, argument, json }: ShowOptions,
  context: Context,
): Promise<void> {
  if (resource !== undefined && prompt !== undefined)
    throw new InputError('Ask for a resource or for a prompt, one at a time')
  const ask = resource !== undefined ? { resource } : prompt !== undefined ? { prompt, arguments: argument } : undefined
  await agreeToGoLive(context, { yes: false, server })
  const { told, content } = await interruptible(context.terminal, (signal) =>
    context.workplace.tellServer(server, { signal, ...(ask && { ask }) }),
  )
  if (json) return printJson(context, content === undefined ? told : { content })
  print(context, content === undefined ? toldLines(told, columnsOf(context)) : contentLines(content))
}

function toldLines({ name, version, title, tools, resources, prompts }: ToldServer, columns: number): Line[] {
  const list = (what: string, items: [string, string][]): Line[] => {
    if (items.length === 0) return []
    const lines = items.flatMap(([item, about]): Line[] => [
      [`  ${item}`],
      ...(about === '' ? [] : paragraph(['    '], about.split('\n')[0] ?? '', columns, 'faint')),
    ])
    return [[], [heading(what)], ...lines]
  }
  return [
    [heading(title ?? name), ` ${version}`, faint('  as the running server tells it')],
    ...list(
      'Tools',
      tools.map((tool) => [tool.name, tool.description ?? '']),
    ),
    ...list(
      'Resources',
      resources.map(({ uri, name: called, description }) => [`${uri}  ${called}`, description]),
    ),
    ...list(
      'Prompts',
      prompts.map((one) => [
        `${one.name}(${one.arguments.map((each) => (each.required ? each.name : `${each.name}?`)).join(', ')})`,
        one.description,
      ]),
    ),
  ]
}

function contentLines(content: Json): Line[] {
  return JSON.stringify(content, null, 2)
    .split('\n')
    .map((line) => [line])
}
