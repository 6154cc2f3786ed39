import type { ServerManifest } from '../../shared/manifest.ts'
import type { Project } from './project.ts'
import { type Variable, variablesOf } from './variables.ts'

/** Where the compiled server lies in the bundle. */
export const bundledEntry = 'server/server.mjs'

const unguarded =
  'The host starts this server directly: without the sandbox, the policy and the record that Remit gives it (`remit serve`).'

/**
 * The `manifest.json` of an `.mcpb` (manifest version 0.4): what a host shows, asks for and starts. Credentials are asked for as
 * sensitive values, which hosts keep in the system's key store. An option left blank gets its default, `''`, which the server
 * takes for unset: without one, hosts pass on the placeholder itself.
 */
export function mcpbManifest(server: ServerManifest, { license, node }: Pick<Project, 'license' | 'node'>) {
  const { name, title, version, description, instructions = '', tools } = server
  const variables = variablesOf(server)
  return {
    manifest_version: '0.4',
    name: `remit-${name}`,
    display_name: title,
    version,
    description,
    long_description: [description, instructions, unguarded].join('\n\n'),
    author: { name: 'Remit' },
    license,
    server: {
      type: 'node',
      entry_point: bundledEntry,
      mcp_config: {
        command: 'node',
        args: [`\${__dirname}/${bundledEntry}`, '--stdio'],
        env: {
          ...Object.fromEntries(variables.map((variable) => [variable.name, `\${user_config.${keyOf(variable)}}`])),
          REMIT_SERVER_DATA: `\${HOME}/.remit-servers/${name}`,
        },
      },
    },
    tools: tools.map(({ name, description }) => ({ name, description })),
    user_config: Object.fromEntries(variables.map((variable) => [keyOf(variable), optionOf(variable)])),
    compatibility: { platforms: ['darwin', 'win32', 'linux'], runtimes: { node } },
  }
}

function optionOf({ title, description, required, secret, default: value }: Variable) {
  return {
    type: 'string',
    title,
    description,
    required,
    sensitive: secret,
    ...(!required && { default: value ?? '' }),
  }
}

function keyOf({ name }: Variable): string {
  return name.toLowerCase()
}
