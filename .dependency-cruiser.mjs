/** Each rule is a sentence of ARCHITECTURE.md. `npm run boundaries` checks them all. */
const verbs = ['decide', 'enforce', 'execute', 'record']
const inputOutput =
  '^(node:)?(fs|fs/promises|net|http|https|http2|tls|dgram|dns|child_process|cluster|worker_threads|sqlite|os|readline|process)$'

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'shared-imports-neither-side',
      severity: 'error',
      from: { path: '^shared/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(servers|orchestrator|test|scripts|bench)/' },
    },
    {
      name: 'a-server-imports-shared-and-its-own-folder',
      severity: 'error',
      from: { path: '^(?:servers|templates)/([^/]+)/' },
      to: { path: '^(orchestrator|test|scripts|bench|servers/(?!$1/))', pathNot: '^test/support/' },
    },
    {
      name: 'production-never-imports-tests',
      severity: 'error',
      from: { path: '^(shared|servers|orchestrator|scripts)/', pathNot: '\\.test\\.ts$|/fixtures/' },
      to: { path: '^test/|\\.test\\.ts$|/fixtures/' },
    },
    {
      name: 'the-orchestrator-never-imports-a-server',
      comment: 'Not even for types: it reads manifests and speaks MCP.',
      severity: 'error',
      from: { path: '^orchestrator/' },
      to: { path: '^servers/' },
    },
    {
      name: 'model-is-a-leaf',
      severity: 'error',
      from: { path: '^orchestrator/model/' },
      to: { path: '^orchestrator/(?!model/)' },
    },
    {
      name: 'home-is-a-leaf',
      severity: 'error',
      from: { path: '^orchestrator/home/' },
      to: { path: '^orchestrator/(?!home/)' },
    },
    {
      name: 'scaffold-is-a-leaf',
      severity: 'error',
      from: { path: '^orchestrator/scaffold/' },
      to: { path: '^orchestrator/(?!scaffold/)' },
    },
    ...verbs.map((verb) => ({
      name: `${verb}-imports-no-other-verb-and-nothing-above`,
      severity: 'error',
      from: { path: `^orchestrator/${verb}/` },
      to: { path: `^orchestrator/(?!(${verb}|model${verb === 'execute' || verb === 'record' ? '|home' : ''})/)` },
    })),
    {
      name: 'run-imports-verbs-and-model-only',
      severity: 'error',
      from: { path: '^orchestrator/run/' },
      to: { path: '^orchestrator/(?!(run|decide|enforce|execute|record|model)/)' },
    },
    {
      name: 'mcp-imports-run-find-tools-and-model-only',
      comment: 'A door: what it does, it does through its backend.',
      severity: 'error',
      from: { path: '^orchestrator/mcp/' },
      to: { path: '^orchestrator/(?!(mcp|run|model)/|decide/find-tools\\.ts)' },
    },
    {
      name: 'observe-imports-run-and-model-only',
      severity: 'error',
      from: { path: '^orchestrator/observe/' },
      to: { path: '^orchestrator/(?!(observe|run|model)/)' },
    },
    {
      name: 'triggers-import-http-run-and-model-only',
      comment: 'The record, the gateway and the clock come to them as ports.',
      severity: 'error',
      from: { path: '^orchestrator/triggers/', pathNot: '\\.test\\.ts$' },
      to: { path: '^orchestrator/(?!(triggers|http|run|model)/|parse-yaml\\.ts$)' },
    },
    {
      name: 'http-imports-neither-record-nor-execute-nor-the-terminal',
      comment: 'It works with a service; a tenant’s data is asked for there, and nowhere else.',
      severity: 'error',
      from: { path: '^orchestrator/http/', pathNot: '\\.test\\.ts$' },
      to: { path: '^orchestrator/(cli|record|execute|home)/' },
    },
    {
      name: 'only-doors-serve-http',
      severity: 'error',
      from: { path: '^orchestrator/(?!http/|mcp/|triggers/webhook-routes)', pathNot: '\\.test\\.ts$|/fixtures/' },
      to: { path: 'node_modules/(@hono/node-server|hono)/' },
    },
    {
      name: 'doors-never-import-the-composition-root',
      severity: 'error',
      from: { path: '^orchestrator/(cli|http|mcp|observe)/', pathNot: '^orchestrator/http/.*\\.test\\.ts$' },
      to: { path: '^orchestrator/[^/]+\\.ts$' },
    },
    {
      name: 'only-execute-speaks-mcp-to-servers-and-only-mcp-to-clients',
      severity: 'error',
      from: { path: '^orchestrator/', pathNot: '^orchestrator/(execute|mcp)/' },
      to: { path: 'node_modules/@modelcontextprotocol/' },
    },
    {
      name: 'only-record-touches-postgres',
      severity: 'error',
      from: { path: '^orchestrator/', pathNot: '^orchestrator/record/|\\.test\\.ts$' },
      to: { path: '^shared/postgres/|node_modules/drizzle-orm/' },
    },
    {
      name: 'postgres-is-reached-by-our-client-alone',
      comment: 'It knows what becomes of a connection that ends (ADR 31).',
      severity: 'error',
      from: { path: '^(shared|servers|orchestrator)/', pathNot: '^shared/postgres/|\\.test\\.ts$|/fixtures/' },
      to: { path: 'node_modules/postgres/' },
    },
    {
      name: 'enforce-and-model-do-no-input-or-output',
      comment: 'Pure: no I/O, no clock, no model.',
      severity: 'error',
      from: { path: '^orchestrator/(enforce|model)/', pathNot: '\\.test\\.ts$' },
      to: { path: inputOutput },
    },
    {
      name: 'decide-reaches-no-files-processes-or-sockets',
      comment: 'Untrusted: it may only return a decision.',
      severity: 'error',
      from: { path: '^orchestrator/decide/', pathNot: '\\.test\\.ts$' },
      to: { path: inputOutput },
    },
    {
      name: 'only-the-messages-endpoint-asks-models',
      comment: 'What builds prompts and reads answers sends nothing itself.',
      severity: 'error',
      from: {
        path: '^orchestrator/',
        pathNot: '^orchestrator/decide/claude/(messages-endpoint|endpoint-failure|streamed-answer)\\.(test\\.)?ts$',
      },
      to: { path: 'node_modules/@anthropic-ai/sdk/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: '\\.(d|config)\\.ts$|\\.mjs$|\\.test\\.ts$|/fixtures/|^(drizzle|scripts|bench|test)',
      },
      to: {},
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'production-uses-no-dev-dependency',
      severity: 'error',
      from: { path: '^(shared|servers|orchestrator)/', pathNot: '\\.test\\.ts$|/fixtures/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
}
