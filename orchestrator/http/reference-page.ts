import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { OpenApi } from './openapi.ts'

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2024; background: #fff }
  h2 { margin-top: 2.5rem } summary { cursor: pointer; padding: .4rem 0 }
  details { border-top: 1px solid #d0d5da } details > div { padding: 0 0 1rem 1.5rem }
  code, pre { font: 14px/1.4 ui-monospace, monospace } pre { overflow: auto; background: #f4f6f8; padding: .75rem }
  table { border-collapse: collapse } td { padding: .15rem 1rem .15rem 0; vertical-align: top }
  .method { display: inline-block; width: 3.5rem; font-weight: 600 }
  @media (prefers-color-scheme: dark) { body { color: #e6e8ea; background: #16191c } pre { background: #22262a } details { border-color: #3a4046 } }
`

/** The page runs no script and loads nothing: it is the document, laid out. */
export const pageHeaders = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'`,
}

interface Parameter {
  name: string
  in: string
  required?: boolean
  description?: string
  schema?: unknown
}

interface Operation {
  summary?: string
  description?: string
  tags?: string[]
  parameters?: Parameter[]
  requestBody?: { content?: Record<string, { schema?: unknown }> }
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>
}

/** The OpenAPI document as a page for people. */
export function referencePage({ info, paths, components }: OpenApi) {
  const operations = Object.entries(paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, operation]) => ({ path, method, ...(operation as Operation) })),
  )
  const byTag = Map.groupBy(operations, ({ tags: [tag = 'Other'] = [] }) => tag)
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${info.title} over HTTP</title><style>${raw(style)}</style></head>
<body>
<h1>${info.title} over HTTP</h1>
<p>${info.description}</p>
<p>The same for programs: <a href="/openapi.json"><code>/openapi.json</code></a>.</p>
${[...byTag].map(([tag, those]) => html`<h2>${tag}</h2>${those.map(operationPart)}`)}
<h2>Schemas</h2>
${Object.entries(components?.schemas ?? {}).map(
  ([name, schema]) =>
    html`<details id="${name}"><summary><code>${name}</code></summary><div>${schemaPart(schema)}</div></details>`,
)}
</body>
</html>`
}

function operationPart({ path, method, ...operation }: Operation & { path: string; method: string }) {
  const { summary, description, parameters = [], requestBody, responses = {} } = operation
  return html`<details>
<summary><span class="method">${method.toUpperCase()}</span> <code>${path}</code> – ${summary ?? ''}</summary>
<div>
${description === undefined ? '' : html`<p>${description}</p>`}
${parameters.length === 0 ? '' : html`<h4>Parameters</h4><table>${parameters.map(parameterRow)}</table>`}
${Object.entries(requestBody?.content ?? {}).map(([media, { schema }]) => html`<h4>Body, <code>${media}</code></h4>${schemaPart(schema)}`)}
<h4>Answers</h4>
<table>${Object.entries(responses).map(
    ([status, answer]) =>
      html`<tr><td><code>${status}</code></td><td>${answer.description ?? ''}</td><td>${Object.values(
        answer.content ?? {},
      ).map(({ schema }) => linkTo(schema))}</td></tr>`,
  )}</table>
</div>
</details>`
}

function parameterRow({ name, in: place, required, description, schema }: Parameter) {
  return html`<tr><td><code>${name}</code></td><td>${place}${required ? ', required' : ''}</td><td>${description ?? ''}</td><td><code>${JSON.stringify(schema)}</code></td></tr>`
}

function schemaPart(schema: unknown) {
  return refOf(schema) === undefined ? html`<pre>${JSON.stringify(schema, null, 2)}</pre>` : linkTo(schema)
}

function linkTo(schema: unknown) {
  const name = refOf(schema)
  return name === undefined ? '' : html`<a href="#${name}"><code>${name}</code></a>`
}

function refOf(schema: unknown): string | undefined {
  const { $ref } = Object(schema)
  return typeof $ref === 'string' ? $ref.replace('#/components/schemas/', '') : undefined
}
