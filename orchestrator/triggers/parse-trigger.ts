import type { Json } from '../../shared/json.ts'
import { didYouMean } from '../../shared/nearest-name.ts'
import { faultOfReasoner, type KnownReasoner } from '../model/known-reasoner.ts'
import { parseYaml, type YamlFault } from '../parse-yaml.ts'
import { faultOfExpression, faultsOfMapping } from './map-payload.ts'
import { faultOfSchedule } from './schedule.ts'
import { type Trigger, triggerSchema } from './trigger.ts'

/** The trigger that a YAML text defines; `file` is what errors call it. Throws a `YamlError` with the line of every fault. */
export function parseTrigger(text: string, file: string, known: Known): Trigger {
  return parseYaml(text, file, {
    what: 'trigger',
    schema: triggerSchema,
    check: (trigger) => checkTrigger(trigger as Trigger, known),
  }) as Trigger
}

/** What a trigger may name. */
export interface Known {
  goals: readonly string[]
  reasoners: readonly KnownReasoner[]
}

function checkTrigger({ goal, reasoner, when, input, on }: Trigger, { goals, reasoners }: Known): YamlFault[] {
  const faults: YamlFault[] = faultsOfMapping(input as Json).map(({ at, message }) => ({
    at: ['input', ...at],
    message,
  }))
  if (!goals.includes(goal)) faults.push({ at: ['goal'], message: `${goal} is no goal${didYouMean(goal, goals)}` })
  const unfit = faultOfReasoner(reasoner, reasoners)
  if (unfit !== undefined) faults.push({ at: ['reasoner'], message: unfit })
  const wrong = when === undefined ? undefined : faultOfExpression(when, 'bool')
  if (wrong !== undefined) faults.push({ at: ['when'], message: wrong })
  if ('schedule' in on) {
    const fault = faultOfSchedule(on.schedule)
    if (fault !== undefined) faults.push({ at: ['on', 'schedule'], message: fault })
  }
  if ('webhook' in on && on.webhook.source === 'hmac') faults.push(...faultsOfHmac(on.webhook))
  return faults
}

function faultsOfHmac({
  signs,
  timestamp_header,
  id_header,
}: {
  signs: string
  timestamp_header?: string | undefined
  id_header?: string | undefined
}): YamlFault[] {
  const need = (hole: string, header: string, given: string | undefined): YamlFault[] =>
    signs.includes(hole) === (given !== undefined)
      ? []
      : [
          {
            at: ['on', 'webhook', given === undefined ? 'signs' : header],
            message:
              given === undefined
                ? `signs ${hole}, so ${header} must say where that stands`
                : `is not signed, so anybody could change it: put ${hole} into signs, or leave it out`,
          },
        ]
  return [...need('{timestamp}', 'timestamp_header', timestamp_header), ...need('{id}', 'id_header', id_header)]
}
