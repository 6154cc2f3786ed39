import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isJsonObject } from '../shared/json.ts'
import { type CredentialSlot, manifestSchema, type ServerManifest, type ToolManifest } from '../shared/manifest.ts'

// Writes docs/reference/tools.md from the reviewed manifest; with --check, exits 1 where the page is not what it would write.

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const page = 'docs/reference/tools.md'

function pageOf(servers: readonly ServerManifest[]): string {
  const intro =
    '# Tools\n\nGenerated from `servers/manifest.json` by `npm run reference`: what each server was reviewed to do.\n'
  return `${[intro, ...servers.map(serverSection)].join('\n')}`
}

function serverSection({ name, description, endpoints, credentials, settings, faults, egress, tools }: ServerManifest) {
  const slots = [
    ...Object.entries(endpoints).map(([slot, { description: what, live }]) => [slot, what, live && `\`${live}\``]),
    ...Object.entries(credentials).map(([slot, credential]) => [slot, credential.description, deliveryOf(credential)]),
    ...Object.entries(settings).map(([slot, { description: what }]) => [slot, what]),
  ].map(([slot, what, more]) => `- \`${slot}\`: ${what}${more ? ` (${more})` : ''}`)
  const reach = egress.length > 0 ? `\nReaches ${codes(egress)}.\n` : ''
  const badDays = Object.entries(faults).map(([mode, what]) => `- \`${name}=${mode}\`: ${what}`)
  return [
    `## ${name}\n\n${description}\n`,
    slots.length > 0 ? `${slots.join('\n')}\n` : '',
    reach,
    badDays.length > 0 ? `Can be rehearsed by \`--fault\`:\n\n${badDays.join('\n')}\n` : '',
    ...tools.map((tool) => toolSection(name, tool)),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function deliveryOf(credential: CredentialSlot): string | undefined {
  if (credential.delivery === 'env') return undefined
  return `added to its requests to \`${credential.endpoint}\`; the server does not hold it`
}

function toolSection(server: string, tool: ToolManifest): string {
  const { idempotency, establishes, expect, compensation, lookup, marks, egress } = tool
  const repeat = typeof idempotency === 'string' ? idempotency : `keyed, ${idempotency.keyed}`
  const facts = [
    `${tool.effect}; a repeat: ${repeat}`,
    establishes.length > 0 ? `establishes ${codes(establishes)}` : '',
    compensation ? `undone by \`${compensation.tool}\`` : '',
    lookup ? `looked up by \`${lookup.tool}\`` : '',
    expect === undefined ? '' : `expects \`${expect}\``,
    ...egress.map(({ endpoint, methods, paths }) => `sends ${methods.join(', ')} ${codes(paths)} at \`${endpoint}\``),
  ]
  return [
    `### ${server}.${tool.name}\n\n${tool.description}\n`,
    `${facts
      .filter((fact) => fact !== '')
      .map((fact) => `- ${fact}`)
      .join('\n')}\n`,
    fieldTable('takes', tool.input, marks.input),
    tool.output ? fieldTable('returns', tool.output, marks.output) : '',
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function codes(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ')
}

function fieldTable(verb: string, schema: ToolManifest['input'], marks: ToolManifest['marks']['input']): string {
  const properties = isJsonObject(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required : []
  const rows = Object.entries(properties).map(([name, property]) => {
    const { type, description, enum: choices } = isJsonObject(property) ? property : {}
    const kind = Array.isArray(choices) ? choices.join(', ') : typeof type === 'string' ? type : 'any'
    const notes = [
      marks.facts[`/${name}`] ? `fact \`${marks.facts[`/${name}`]}\`` : '',
      marks.sensitive.includes(`/${name}`) ? 'sensitive' : '',
      marks.destinations.includes(`/${name}`) ? 'destination' : '',
      typeof description === 'string' ? description : '',
    ]
    const told = notes
      .filter((note) => note !== '')
      .join('; ')
      .replaceAll('|', '\\|')
    return `| \`${name}\`${required.includes(name) ? '' : ' (optional)'} | ${kind} | ${told} |`
  })
  if (rows.length === 0) return ''
  return `| ${verb} | type | |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

const manifest = manifestSchema.parse(JSON.parse(readFileSync(path('servers/manifest.json'), 'utf8')))
const text = pageOf(manifest.servers)
if (!process.argv.includes('--check')) writeFileSync(path(page), text)
else if (readFileSync(path(page), 'utf8') !== text) {
  process.stderr.write(`${page} is not what the manifest says: run "npm run reference" and review the diff\n`)
  process.exitCode = 1
}
