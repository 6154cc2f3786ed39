import { readFile } from 'node:fs/promises'
import type { Json } from '../shared/json.ts'
import { InputError, type ServiceAnswer, type ServiceRequest } from './cli/remit.ts'
import type { Config } from './config.ts'
import { localKeyFile } from './local-key.ts'

/** How long the service may take to answer. */
const answerMs = 60_000

/**
 * Asks the service that runs on this machine, with the local key. The key goes nowhere else: not to another host, and not where
 * an answer redirects to. Throws {@link InputError} where there is no key yet, or nothing serves.
 */
export async function askService(
  config: Pick<Config, 'http' | 'configHome'>,
  { path, method, body }: ServiceRequest,
): Promise<ServiceAnswer> {
  const base = addressOf(config.http)
  const url = new URL(path, base)
  if (!path.startsWith('/') || url.origin !== base.origin)
    throw new InputError(`"${path}" is no path of the service: it starts with /, such as /v1/runs`)
  const key = await localKey(config)
  const response = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(answerMs),
  }).catch((error: unknown) => {
    throw new InputError(`Nothing answers at ${base.origin} (${codeOf(error)}): npm start serves there`)
  })
  return { status: response.status, body: jsonOr(await response.text()) }
}

function addressOf({ host, port }: Config['http']): URL {
  if (port === 0) throw new InputError('REMIT_PORT is 0: give the port that remit start said')
  const everywhere = host === '0.0.0.0' || host === '::'
  const name = everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return new URL(`http://${name}:${port}`)
}

async function localKey(config: Pick<Config, 'configHome'>): Promise<string> {
  const file = localKeyFile(config)
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new InputError(`The local key ${file} cannot be read (${codeOf(error)}): the first npm start makes it`)
  }
}

function codeOf(error: unknown): string {
  const { code, cause, name } = error as NodeJS.ErrnoException
  return code ?? (cause as NodeJS.ErrnoException | undefined)?.code ?? name
}

function jsonOr(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
