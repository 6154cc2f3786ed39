import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ConfigError } from './config.ts'
import type { SecretSource } from './triggers/trigger.ts'

/**
 * The secrets of a webhook, read anew each time, so that a file can be changed under a running process. Throws a
 * {@link ConfigError} that names what is missing, never a secret.
 */
export function triggerSecrets(
  sources: readonly SecretSource[],
  { folder, environment }: { folder: string; environment: Readonly<Record<string, string | undefined>> },
): Promise<string[]> {
  return Promise.all(
    sources.map(async (source) => {
      const secret = 'env' in source ? environment[source.env] : await readSecret(resolve(folder, source.file))
      if (secret === undefined || secret.trim() === '')
        throw new ConfigError(
          'env' in source
            ? `The environment has no ${source.env}, which a webhook's secret is to come from`
            : `${source.file} is empty, or not to be read, and a webhook's secret is to come from it`,
        )
      return secret.trim()
    }),
  )
}

function readSecret(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined)
}
