import { compileSchema } from '../../shared/json-schema.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import { registrySchema, registrySchemaUrl } from './registry-schema.ts'
import { variablesOf } from './variables.ts'

/** Where a server is published. */
export interface Publication {
  /** Whose it is, in reverse-DNS form; the registry wants a proof of it: `com.example`. */
  namespace: string
  /** The URL of the `.mcpb`. */
  url: string
  /** Of the `.mcpb`, in hexadecimal. */
  sha256: string
}

/** The `server.json` that tells the MCP registry of a server. Throws with every place where it breaks the registry's schema. */
export function serverJson(server: ServerManifest, { namespace, url, sha256 }: Publication) {
  const { name, title, description, version } = server
  const document = {
    $schema: registrySchemaUrl,
    name: `${namespace}/${name}`,
    title,
    description,
    version,
    packages: [
      {
        registryType: 'mcpb',
        identifier: url,
        fileSha256: sha256,
        transport: { type: 'stdio' },
        environmentVariables: variablesOf(server).map((variable) => ({
          name: variable.name,
          description: variable.description,
          isRequired: variable.required,
          isSecret: variable.secret,
          ...(variable.default !== undefined && { default: variable.default }),
        })),
      },
    ],
  }
  const issues = compileSchema(registrySchema)(document)
  if (issues.length > 0) {
    const lines = issues.map(({ path, message }) => `  ${path} ${message}`)
    throw new Error(`server.json of ${name} breaks the registry's schema:\n${lines.join('\n')}`)
  }
  return document
}
