import type { Json } from '../../../shared/json.ts'
import type { Trigger } from '../../triggers/trigger.ts'
import { type AddCommand, jsonOption, note, print, printJson, tableFit, withRemit } from '../context.ts'
import { readInput } from '../read-input.ts'
import { InputError } from '../remit.ts'
import { bad } from '../text/line.ts'
import { table } from '../text/table.ts'

const payloadArgument = ['<payload>', 'JSON, or the name of a JSON file'] as const

/** `remit triggers`: what starts runs from outside. */
export const addTriggers: AddCommand = (program, context) => {
  const { workplace, terminal } = context
  const triggers = program
    .command('triggers')
    .summary('list what starts runs from outside, try a payload, or put a message into a queue')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) => {
      const known = workplace.triggers()
      if (json) return printJson(context, known)
      if (known.length === 0)
        return note(context, [['There is no trigger yet; docs/guides/triggers.md says how to write one.']])
      const rows = known.map((trigger) => [trigger.trigger, trigger.goal, sourceOf(trigger)])
      print(context, table([{ title: 'trigger' }, { title: 'goal' }, { title: 'comes by' }], rows, tableFit(context)))
    })

  triggers
    .command('try')
    .summary('show the input that a payload would lead to; records nothing')
    .argument('<trigger>', 'its name')
    .argument(...payloadArgument)
    .option(...jsonOption)
    .action(async (name: string, given: string) => {
      const payload = (await readInput(given, [terminal.folder, workplace.root])) as Json
      const tried = workplace.tryTrigger(name, payload)
      if ('refused' in tried) throw new InputError(tried.refused, tried.issues)
      if ('ignored' in tried)
        return note(context, [[`${name} is not meant: its condition does not hold, so nothing would start`]])
      printJson(context, tried.input)
    })

  triggers
    .command('enqueue')
    .summary('put a message into a queue; a worker makes a run of it')
    .argument('<queue>', 'its name')
    .argument(...payloadArgument)
    .option('--id <id>', 'its id: the same again is the same message')
    .option(...jsonOption)
    .action(
      async (
        queue: string,
        given: string,
        _options: unknown,
        command: { optsWithGlobals(): { id?: string; json?: boolean } },
      ) => {
        const { id, json } = command.optsWithGlobals()
        const payload = (await readInput(given, [terminal.folder, workplace.root])) as Json
        const queues = workplace.triggers().flatMap(({ on }) => ('queue' in on ? [on.queue] : []))
        if (!queues.includes(queue))
          throw new InputError(`No trigger listens to the queue ${queue}; there are ${queues.join(', ') || 'none'}`)
        const message_id = await withRemit(context, { servers: false }, (remit) =>
          remit.enqueue(queue, { payload, ...(id === undefined ? {} : { id }) }),
        )
        if (json) printJson(context, { queue, message_id })
        else print(context, [[`Message ${message_id} is in the queue ${queue}`]])
      },
    )

  triggers
    .command('refused')
    .summary('list messages that can never become a run, with the reason')
    .option(...jsonOption)
    .action(async (_options: unknown, command: { optsWithGlobals(): { json?: boolean } }) => {
      const refused = await withRemit(context, { servers: false }, (remit) => remit.refusedMessages())
      if (command.optsWithGlobals().json) return printJson(context, refused)
      if (refused.length === 0) return note(context, [['No message was set aside.']])
      print(
        context,
        refused.flatMap((one) => [[`${one.queue} ${one.message_id}`], ['  ', bad(one.refused)]]),
      )
    })
}

function sourceOf({ trigger, on }: Trigger): string {
  if ('webhook' in on) return `webhook of ${on.webhook.source}: POST /v1/triggers/${trigger}`
  if ('queue' in on) return `queue ${on.queue}`
  return `schedule ${on.schedule.cron}, ${on.schedule.timezone}`
}
