import {
  type AddCommand,
  type Context,
  jsonOption,
  note,
  positiveInteger,
  print,
  printJson,
  withRemit,
} from '../context.ts'
import { interruptible } from '../open-interruptibly.ts'
import type { LogIn, LoginOf } from '../remit.ts'
import { instantText } from '../text/instant.ts'
import { good, type Line } from '../text/line.ts'

interface LoginOptions extends LoginOf {
  scope?: string[]
  browser: boolean
  timeout: number
}

/** Commander gives an option that two commands have to the outer one. */
interface Global {
  optsWithGlobals(): { json?: boolean }
}

/** `remit servers login` and `logout`: what a principal may do at a server elsewhere that wants OAuth. */
export const addLogin: AddCommand = (program, context) => {
  program
    .command('login')
    .summary('log a principal in at a server elsewhere, with a browser')
    .argument('<server>', 'a server whose configuration has oauth')
    .option('--principal <name>', 'on whose behalf its runs act; you unless said')
    .option('--tenant <name>', 'the tenant of that principal; yours unless said')
    .option('--scope <scope...>', 'what is asked for beside what the server needs')
    .option('--no-browser', 'only print the URL to open')
    .option('--timeout <seconds>', 'how long the person may take', positiveInteger, 300)
    .option(...jsonOption)
    .action((server: string, options: LoginOptions, command: Global) =>
      login(server, { ...options, json: command.optsWithGlobals().json === true }, context),
    )

  program
    .command('logout')
    .summary('forget a login, here and at its issuer')
    .argument('<server>', 'a server whose configuration has oauth')
    .option('--principal <name>', 'whose login; yours unless said')
    .option('--tenant <name>', 'the tenant of that principal; yours unless said')
    .option(...jsonOption)
    .action((server: string, of: LoginOf, command: Global) =>
      logout(server, of, command.optsWithGlobals().json === true, context),
    )
}

async function login(
  server: string,
  { scope = [], browser, timeout, json, ...of }: LoginOptions & { json: boolean },
  context: Context,
): Promise<void> {
  const { terminal } = context
  const made = await interruptible(terminal, (signal) =>
    withRemit(context, { servers: false }, (remit) =>
      remit.logins.logIn(server, {
        ...whose(of),
        scopes: scope,
        patienceMs: timeout * 1_000,
        signal,
        offer: (offer) => note(context, offerLines(offer, browser && terminal.browse(offer.url), terminal.canAsk)),
        async pasted(over, wrong) {
          if (!terminal.canAsk) return undefined
          if (wrong !== undefined) note(context, [[`That is not it: ${wrong}.`]])
          return terminal.ask('', over)
        },
      }),
    ),
  )
  if (json) return printJson(context, made)
  const until =
    made.expires_at === undefined ? '' : `, until ${instantText(made.expires_at)} or as long as it is renewed`
  print(context, [
    [good('✓ '), `${made.principal} is logged in at ${server}: ${made.scopes.join(' ') || 'no scopes'}${until}.`],
  ])
}

function offerLines(
  { issuer, resource, scopes, url }: Parameters<LogIn['offer']>[0],
  opened: boolean,
  canPaste: boolean,
): Line[] {
  const asked = scopes.length === 0 ? '' : `, for ${scopes.join(' ')}`
  return [
    [`${issuer} asks whether Remit may use ${resource}${asked}.`],
    [opened ? 'The browser shows it. Where it does not, open:' : 'Open this in a browser:'],
    [url],
    ...(canPaste
      ? [['Where the browser runs on another machine, it ends at an address that it cannot open: paste that here.']]
      : []),
  ]
}

async function logout(server: string, of: LoginOf, json: boolean, context: Context): Promise<void> {
  const told = await withRemit(context, { servers: false }, (remit) => remit.logins.logOut(server, whose(of)))
  if (json) return printJson(context, { server, logged_out: told !== undefined, ...told })
  if (!told) return note(context, [[`Nobody was logged in at ${server} as that principal.`]])
  print(context, [[good('✓ '), `Logged out at ${server}.`]])
  if (!told.revoked)
    note(context, [[`Its issuer took no tokens back${told.why === undefined ? '' : `: ${told.why}`}.`]])
}

function whose({ principal, tenant }: LoginOf): LoginOf {
  return { ...(principal !== undefined && { principal }), ...(tenant !== undefined && { tenant }) }
}
