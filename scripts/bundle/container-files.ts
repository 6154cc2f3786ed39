import { stringify } from 'yaml'
import { jailSchema, type ServerManifest } from '../../shared/manifest.ts'
import type { Project } from './project.ts'
import { type Variable, variablesOf } from './variables.ts'

/** What a container of a server is made for. */
export interface Container extends Pick<Project, 'image' | 'license'> {
  /** The server's name at the MCP registry, which looks for it in the image. */
  registryName: string
}

const port = 8_080
/** A user that owns nothing; no image has a name for it. */
const user = '65532:65532'
const askHealth =
  `fetch('http://127.0.0.1:' + process.env.PORT + '/healthz')` +
  '.then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))'

/**
 * The Dockerfile of a server: the compiled file, run by Node as a user that may write nothing but `/data`, and served over HTTP
 * on PORT. It listens for others, so REMIT_TOKEN_KEYS must be given when it is run.
 */
export function dockerfile(server: ServerManifest, { image, license, registryName }: Container): string {
  const { title, description, version } = server
  const labels = {
    'org.opencontainers.image.title': title,
    'org.opencontainers.image.description': description,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.licenses': license,
    'io.modelcontextprotocol.server.name': registryName,
  }
  const defaults = variablesOf(server).flatMap(({ name, default: value }) =>
    value === undefined ? [] : [[name, value] as const],
  )
  const environment = {
    NODE_ENV: 'production',
    PORT: String(port),
    REMIT_SERVER_DATA: '/data',
    ...Object.fromEntries(defaults),
  }
  return [
    `ARG NODE_IMAGE=${image}`,
    'FROM $NODE_IMAGE',
    ...Object.entries(labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`),
    `RUN install -d -m 0700 -o ${user.split(':')[0]} -g ${user.split(':')[1]} /data`,
    'COPY --chmod=0444 server.mjs THIRD-PARTY-LICENSES.txt /app/',
    ...Object.entries(environment).map(([name, value]) => `ENV ${name}=${JSON.stringify(value)}`),
    `USER ${user}`,
    'WORKDIR /app',
    'VOLUME /data',
    `EXPOSE ${port}`,
    'STOPSIGNAL SIGTERM',
    `HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ${JSON.stringify(['node', '-e', askHealth])}`,
    'ENTRYPOINT ["node", "/app/server.mjs"]',
    'CMD ["--host", "0.0.0.0"]',
    '',
  ].join('\n')
}

/** A compose file that runs the container read-only, without capabilities, and with the limits of the server's jail. */
export function composeFile(server: ServerManifest): string {
  const { name, jail } = server
  const { memory_mb, processes, cpu, scratch_mb } = jailSchema.parse(jail ?? {})
  const given = variablesOf(server).map((variable) => [variable.name, substitution(variable)])
  return stringify({
    name: `remit-${name}`,
    services: {
      [name]: {
        build: '.',
        read_only: true,
        user,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        tmpfs: [`/tmp:size=${scratch_mb}m`],
        mem_limit: `${memory_mb}m`,
        pids_limit: processes,
        cpus: cpu,
        stop_grace_period: '15s',
        ports: [`127.0.0.1:${port}:${port}`],
        environment: {
          REMIT_TOKEN_KEYS: substitution({ name: 'REMIT_TOKEN_KEYS', title: 'URL of the public keys', required: true }),
          ...Object.fromEntries(given),
        },
        volumes: ['data:/data'],
      },
    },
    volumes: { data: {} },
  })
}

/** What compose puts in from the environment of who starts it: refused without, or by default as the server has it. */
function substitution({
  name,
  title,
  required,
  default: value = '',
}: Omit<Variable, 'description' | 'secret'>): string {
  return required ? `\${${name}:?is needed: ${title}}` : `\${${name}:-${value}}`
}
