import { InvalidArgumentError } from 'commander'
import { type Effect, effects } from '../../../shared/manifest.ts'
import { type Ceiling, type KnownKey, type Scope, scopes, usualRate } from '../../model/caller.ts'
import {
  type AddCommand,
  type Context,
  jsonOption,
  note,
  positiveInteger,
  print,
  printJson,
  tableFit,
  withRemit,
} from '../context.ts'
import { InputError } from '../remit.ts'
import { instantText } from '../text/instant.ts'
import { faint } from '../text/line.ts'
import { table } from '../text/table.ts'

interface CreateOptions {
  principal?: string
  tenant?: string
  scope: string[]
  goal?: string[]
  effect?: string
  cost?: number
  rate: number
  expires?: number
  json?: boolean
}

/** `remit keys`: who may use Remit over HTTP. */
export const addKeys: AddCommand = (program, context) => {
  const keys = program.command('keys').summary('make, list and revoke the keys for HTTP')

  keys
    .command('create')
    .summary('make a key; it is shown once')
    .argument('<name>', 'what people call it')
    .requiredOption('--scope <scope...>', `what it is for: ${scopes.join(', ')}`)
    .option('--principal <name>', 'on whose behalf its runs act; the name of the key unless said')
    .option('--tenant <name>', 'whose data it may touch; yours unless said')
    .option('--goal <name...>', 'the only goals that it may pursue')
    .option('--effect <effect>', `the greatest effect of its runs: ${effects.join(', ')}`)
    .option('--cost <usd>', 'US dollars that one of its runs may spend', dollars)
    .option('--rate <n>', 'requests a minute', positiveInteger, usualRate)
    .option('--expires <days>', 'for how many days it is valid', positiveInteger)
    .option(...jsonOption)
    .action((name: string, options: CreateOptions) => create(name, options, context))

  keys
    .command('list')
    .summary('list the keys, the newest first')
    .option('--tenant <name>', 'those of this tenant; of yours unless said')
    .option(...jsonOption)
    .action(async ({ tenant, json }: { tenant?: string; json?: boolean }) => {
      const listed = await withRemit(context, { servers: false }, (remit) => remit.keys.list(tenant))
      if (json) printJson(context, listed)
      else if (listed.length === 0) note(context, [['There is no key yet.']])
      else print(context, keyTable(listed, context))
    })

  keys
    .command('revoke')
    .summary('make a key invalid, at once and for good')
    .argument('<key>', 'its id, as the list has it')
    .option('--tenant <name>', 'the tenant that has it; yours unless said')
    .option(...jsonOption)
    .action(async (keyId: string, { tenant, json }: { tenant?: string; json?: boolean }) => {
      await withRemit(context, { servers: false }, (remit) => remit.keys.revoke(keyId, tenant))
      if (json) printJson(context, { revoked: keyId })
      else print(context, [[`Revoked ${keyId}.`]])
    })
}

async function create(name: string, options: CreateOptions, context: Context): Promise<void> {
  const { principal = name, tenant, rate, expires, json } = options
  const made = await withRemit(context, { servers: false }, (remit) =>
    remit.keys.create({
      name,
      principal,
      ...(tenant === undefined ? {} : { tenant }),
      scopes: options.scope.map(scopeNamed),
      ceiling: ceilingOf(options, context),
      requests_per_minute: rate,
      ...(expires === undefined ? {} : { expires_at: new Date(context.terminal.now() + expires * 24 * 3600_000) }),
    }),
  )
  if (json) return printJson(context, { key_id: made.key_id, key: made.text })
  print(context, [[made.text]])
  note(context, [[faint(`This is the only time that it is shown. remit keys revoke ${made.key_id} ends it.`)]])
}

function scopeNamed(text: string): Scope {
  const found = scopes.find((scope) => scope === text)
  if (!found) throw new InputError(`--scope: "${text}" is not a scope; there are ${scopes.join(', ')}`)
  return found
}

function ceilingOf({ goal, effect, cost }: CreateOptions, { workplace }: Context): Ceiling {
  for (const name of goal ?? []) workplace.goal(name)
  return {
    ...(goal ? { goals: goal } : {}),
    ...(effect === undefined ? {} : { effect: effectNamed(effect) }),
    ...(cost === undefined ? {} : { cost_usd: cost }),
  }
}

function effectNamed(text: string): Effect {
  const found = effects.find((effect) => effect === text)
  if (!found) throw new InputError(`--effect: "${text}" is not an effect; there are ${effects.join(', ')}`)
  return found
}

function dollars(text: string): number {
  const number = Number(text)
  if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError('It must be a number of US dollars.')
  return number
}

function keyTable(keys: readonly KnownKey[], context: Context) {
  return table(
    [
      { title: 'key', whole: true },
      { title: 'name' },
      { title: 'principal' },
      { title: 'scopes' },
      { title: 'limits' },
      { title: 'used' },
      { title: 'valid' },
    ],
    keys.map((key) => [
      key.key_id,
      key.name,
      key.principal,
      key.scopes.join(' '),
      limitsOf(key.ceiling),
      key.last_used_at === undefined ? '-' : instantText(key.last_used_at),
      validityOf(key, context.terminal.now()),
    ]),
    tableFit(context),
  )
}

function limitsOf({ goals, effect, cost_usd }: Ceiling): string {
  const limits = [goals?.join(' ') ?? [], effect ?? [], cost_usd === undefined ? [] : `$${cost_usd}`].flat()
  return limits.join(', ') || '-'
}

function validityOf({ revoked_at, expires_at }: KnownKey, now: number): string {
  if (revoked_at !== undefined) return 'revoked'
  if (expires_at === undefined) return 'yes'
  return Date.parse(expires_at) <= now ? 'expired' : `until ${instantText(expires_at)}`
}
