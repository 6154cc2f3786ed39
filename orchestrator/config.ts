import { existsSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { effects } from '../shared/manifest.ts'
import { codeFolder } from '../shared/own-package.ts'
import { driverNames } from './execute/sandbox/driver.ts'
import type { SandboxChoice } from './execute/sandbox/open-jailer.ts'
import { configurationName, findProject, noProject } from './find-project.ts'
import type { Mode } from './model/event.ts'
import type { Owner } from './model/run.ts'
import { oauthSchema, onLoopback, placed, placedOAuth, safeUrl, secretSource } from './oauth-config.ts'
import { parseYaml } from './parse-yaml.ts'

const source = z.union([...secretSource.options, z.strictObject({ value: z.string() })])

type Source = z.output<typeof source>

/** Where the instances of a server that runs elsewhere are reached. */
const serverUrls = z
  .union([z.string(), z.array(z.string()).min(1)], 'must be a URL, or a list of the URLs of several instances')
  .superRefine((given, context) => {
    for (const [index, url] of [given].flat().entries()) {
      const path = Array.isArray(given) ? [index] : []
      for (const { message } of safeUrl.safeParse(url).error?.issues ?? [])
        context.addIssue({ code: 'custom', path, message })
    }
  })
  .transform((given) => [given].flat())

/** What those may do who come with a token of an OpenID Connect issuer. */
const issuerSchema = z.strictObject({
  url: z.url(),
  audience: z.string().min(1),
  /** Where its public keys are; what its discovery document says unless given. */
  jwks: z.url().optional(),
  tenant: z
    .union([z.strictObject({ name: z.string().min(1) }), z.strictObject({ claim: z.string().min(1) })])
    .default({ name: 'default' }),
  scopes_claim: z.string().min(1).default('scope'),
  ceiling: z
    .strictObject({
      goals: z.array(z.string()).exactOptional(),
      effect: z.enum(effects).exactOptional(),
      cost_usd: z.number().min(0).exactOptional(),
    })
    .default({}),
  requests_per_minute: z.int().min(1).default(600),
})

const portSchema = z.coerce.number().int().min(0).max(65_535)

const price = z.number().min(0)

/** What deciding by a model may use and costs; see docs/guides/claude.md. */
const claudeSchema = z.strictObject({
  /** By name; where the first cannot decide, the next is asked. ANTHROPIC_MODEL overrides it. */
  models: z.array(z.string().min(1)).min(1).default(['claude-opus-5-5', 'claude-sonnet-5-5']),
  /** US dollars per million tokens, in the place of the list prices. */
  prices: z
    .record(z.string(), z.strictObject({ input: price, output: price, cache_read: price, cache_write: price }))
    .default({}),
  answer_tokens: z.int().min(1_024).default(16_000),
  context_tokens: z.int().min(8_192).default(1_000_000),
  /** How long a whole answer may take, and how long nothing may come. */
  answer_seconds: z.int().min(1).default(600),
  stall_seconds: z.int().min(1).default(120),
})

const fileSchema = z.strictObject({
  mode: z.enum(['emulated', 'live']).default('emulated'),
  /** Folders with goal files, relative to the project's root; those of a checkout of Remit itself are always there. */
  goals: z.array(z.string()).default([]),
  /** What confines servers: the driver, and the weakest that is taken; `auto` is the strongest that works, and never none. */
  sandbox: z
    .strictObject({
      driver: z.enum(['auto', ...driverNames]).default('auto'),
      minimum: z.enum(driverNames).optional(),
    })
    .prefault({})
    .transform(({ driver, minimum }) => ({
      driver,
      minimum: minimum ?? (driver === 'none' ? ('none' as const) : ('node-permission' as const)),
      none_by_manifest: minimum === undefined || minimum === 'none',
    })),
  /** Where traces of runs go, by OTLP over HTTP; nowhere unless said. */
  traces: z.strictObject({ endpoint: z.url({ protocol: /^https?$/ }) }).optional(),
  /** Folders with trigger files, relative to the configuration file. */
  triggers: z.array(z.string().min(1)).default([]),
  /** The policy file, relative to the configuration file. */
  policy: z
    .string(
      'is the path of a policy file, where a tool is held by the rule ' +
        '{ name: …, when: tool == "server.tool", verdict: hold, reason: … }',
    )
    .min(1)
    .default('policy.yaml'),
  /** Where `remit start` listens, and who beside the holders of keys is let in. */
  http: z
    .strictObject({
      port: portSchema.default(4747),
      /** An address of this machine; only programs on it reach the default. */
      host: z.string().min(1).default('127.0.0.1'),
      /** The names by which others ask for it. */
      hosts: z.array(z.string().min(1)).default([]),
      /** The URL by which others reach it: what tokens for its MCP server are issued for. */
      url: z.url({ protocol: /^https?$/ }).optional(),
      issuer: issuerSchema.optional(),
    })
    .prefault({}),
  claude: claudeSchema.prefault({}),
  /** Server → where its endpoints and credentials come from in live mode. */
  servers: z
    .record(
      z.string(),
      z
        .strictObject({
          endpoints: z.record(z.string(), source).default({}),
          credentials: z.record(z.string(), source).default({}),
          /** What the operator chooses for it, by the names of its manifest. */
          settings: z.record(z.string(), z.string()).default({}),
          /** What it gets in Remit's Postgres: a schema of its own, or a role that makes databases for tenants. */
          database: z.enum(['schema', 'provisioner']).optional(),
          /** Where it runs by itself, with its own credentials, in one instance or several; without it, Remit starts it. */
          url: serverUrls.optional(),
          /** What it takes instead of Remit's own tokens. */
          oauth: oauthSchema.optional(),
        })
        .refine(({ url, oauth }) => url !== undefined || oauth === undefined, {
          path: ['oauth'],
          error: 'is for a server that runs elsewhere: write url: https://… beside it',
        }),
    )
    .default({}),
  /** What logins at servers elsewhere are sealed with in the record; a key in REMIT_HOME/keys unless said. */
  logins: z.strictObject({ key: secretSource.optional() }).prefault({}),
})

/** How models are asked. */
export interface ClaudeConfig {
  /** Without it no model is asked. */
  apiKey?: string
  /** Of a gateway or a local model that speaks the Messages API. */
  baseUrl?: string
  models: [string, ...string[]]
  prices: z.output<typeof claudeSchema>['prices']
  answerTokens: number
  contextTokens: number
  answerSeconds: number
  stallSeconds: number
}

/** All that Remit is told from outside, parsed once. Nothing else reads the environment or the configuration. */
export interface Config {
  /** The project's root. */
  root: string
  /** The configuration file, whether or not it is there. */
  file: string
  /** REMIT_HOME: all that Remit keeps. */
  home: string
  /** `servers.json` and `servers.lock.json` beside the configuration file: strangers' servers, whether or not they are there. */
  serversFile: string
  locksFile: string
  mode: Mode
  /** The owner URL of an external Postgres; without it Remit runs its own. */
  databaseUrl?: string
  http: z.output<typeof fileSchema>['http']
  /** Where what is the user's own and no project's is kept, such as the local key. */
  configHome: string
  goalFolders: string[]
  triggerFolders: string[]
  /** The file with the operator's rules, whether or not it is there. */
  policyFile: string
  claude: ClaudeConfig
  servers: z.output<typeof fileSchema>['servers']
  logins: z.output<typeof fileSchema>['logins']
  sandbox: SandboxChoice
  /** The base URL of an OpenTelemetry collector; without it nothing is traced. */
  tracesEndpoint?: string
  /** The folder in which the person typed the command. */
  invocationFolder: string
  owner: Owner
  /** Where `{ env: NAME }` sources look; only by the names that the configuration gives. */
  environment: Readonly<Record<string, string | undefined>>
}

export interface TerminalSettings {
  noColor: boolean
  forceColor: boolean
  /** The folder in which the person typed the command. */
  folder: string
  environment: Config['environment']
}

/** A variable whose value cannot be used. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Reads `remit.config.yaml` and the `REMIT_…` variables, which win. Throws with the line, or the variable, of every fault. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const root = findProject(environment)
  if (root === undefined) throw new ConfigError(noProject)
  const file = environment.REMIT_CONFIG ? resolve(environment.REMIT_CONFIG) : join(root, configurationName)
  const settings = existsSync(file)
    ? parseYaml(readFileSync(file, 'utf8'), file, { what: 'configuration', schema: fileSchema })
    : fileSchema.parse({})
  const mode = environment.REMIT_MODE ?? settings.mode
  if (mode !== 'emulated' && mode !== 'live')
    throw new ConfigError(`REMIT_MODE is "${mode}"; it must be "emulated" or "live"`)
  if (mode === 'emulated') refuseRemote(settings.servers, file)
  const databaseUrl = environment.REMIT_DATABASE_URL
  if (databaseUrl !== undefined && !/^postgres(ql)?:$/.test(URL.parse(databaseUrl)?.protocol ?? ''))
    throw new ConfigError('REMIT_DATABASE_URL must be a URL such as postgres://owner:password@host:5432/database')
  const tracesEndpoint = environment.OTEL_EXPORTER_OTLP_ENDPOINT || settings.traces?.endpoint
  if (tracesEndpoint !== undefined && !/^https?:$/.test(URL.parse(tracesEndpoint)?.protocol ?? ''))
    throw new ConfigError('OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4318')
  const port = portSchema.safeParse(environment.REMIT_PORT || settings.http.port)
  if (!port.success) throw new ConfigError('REMIT_PORT must be a port: a whole number from 0 to 65535')
  return {
    root,
    file,
    home: resolve(root, environment.REMIT_HOME || '.remit'),
    serversFile: join(dirname(file), 'servers.json'),
    locksFile: join(dirname(file), 'servers.lock.json'),
    mode,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    http: { ...settings.http, port: port.data },
    configHome: configHomeOf(environment),
    goalFolders: [
      ...(root === codeFolder ? [join(root, 'orchestrator', 'goals')] : []),
      ...settings.goals.map((folder) => resolve(root, folder)),
    ],
    sandbox: settings.sandbox,
    triggerFolders: settings.triggers.map((folder) => resolve(dirname(file), folder)),
    policyFile: resolve(dirname(file), settings.policy),
    claude: claudeConfig(settings.claude, environment),
    servers: withPlaces(settings.servers, dirname(file)),
    logins: { ...(settings.logins.key && { key: placed(settings.logins.key, dirname(file)) }) },
    ...(tracesEndpoint === undefined ? {} : { tracesEndpoint }),
    invocationFolder: invocationFolderOf(environment),
    owner: { tenant: 'default', principal: `local:${localUser()}` },
    environment,
  }
}

/** What the environment says of the terminal, in a project or not. */
export function readTerminal(environment: Config['environment'] = process.env): TerminalSettings {
  return {
    noColor: Boolean(environment.NO_COLOR),
    forceColor: Boolean(environment.FORCE_COLOR),
    folder: invocationFolderOf(environment),
    environment,
  }
}

/** npm starts its scripts in the project's root, and says where it was started itself. */
function invocationFolderOf({ INIT_CWD }: Config['environment']): string {
  return INIT_CWD ?? process.cwd()
}

/** What `mode: emulated` does never leaves this machine. */
function refuseRemote(servers: Config['servers'], file: string): void {
  for (const [name, { url = [], oauth }] of Object.entries(servers)) {
    const places = [...url.map((each) => ['url', each] as const), ['oauth/issuer', oauth?.issuer] as const]
    for (const [setting, place] of places)
      if (place !== undefined && !onLoopback(place))
        throw new ConfigError(
          `${file}: /servers/${name}/${setting} is not on this machine, and mode is "emulated"; it needs "live"`,
        )
  }
}

function configHomeOf({ REMIT_CONFIG_HOME, XDG_CONFIG_HOME }: Config['environment']): string {
  if (REMIT_CONFIG_HOME) return resolve(REMIT_CONFIG_HOME)
  return join(XDG_CONFIG_HOME ? resolve(XDG_CONFIG_HOME) : join(homedir(), '.config'), 'remit')
}

function claudeConfig(
  settings: z.output<typeof claudeSchema>,
  environment: Readonly<Record<string, string | undefined>>,
): ClaudeConfig {
  const { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_MODEL: given } = environment
  if (baseUrl && !/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? ''))
    throw new ConfigError('ANTHROPIC_BASE_URL must be a URL such as https://gateway.example')
  const named = (given ?? '').split(',').flatMap((name) => name.trim() || [])
  const [first = '', ...others] = named.length > 0 ? named : settings.models
  return {
    ...(apiKey ? { apiKey } : {}),
    ...(baseUrl ? { baseUrl } : {}),
    models: [first, ...others],
    prices: settings.prices,
    answerTokens: settings.answer_tokens,
    contextTokens: settings.context_tokens,
    answerSeconds: settings.answer_seconds,
    stallSeconds: settings.stall_seconds,
  }
}

/** Files that hold credentials are named relative to the configuration file. */
function withPlaces(servers: Config['servers'], folder: string): Config['servers'] {
  const allPlaced = (sources: Record<string, Source>) =>
    Object.fromEntries(Object.entries(sources).map(([slot, given]) => [slot, placed(given, folder)]))
  return Object.fromEntries(
    Object.entries(servers).map(([name, { oauth, ...server }]) => [
      name,
      {
        ...server,
        endpoints: allPlaced(server.endpoints),
        credentials: allPlaced(server.credentials),
        ...(oauth && { oauth: placedOAuth(oauth, folder) }),
      },
    ]),
  )
}

/** Some containers run a uid that has no name. */
function localUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}
