import type { Environment, Found } from './read-source.ts'
import { runSourceCommand } from './run-source-command.ts'

/** How one system's own tool gives an entry of its keychain. */
interface KeychainTool {
  /** The command that prints the entry's value. */
  command(service: string, account: string): readonly [program: string, ...args: string[]]
  /** What a person types to put an entry there; the tool then asks for the value. */
  store(service: string, account: string): string
  /** What to do where the tool is not there. */
  missing: string
  /** Exit codes by which the tool says why there is nothing to print. */
  codes: Readonly<Record<number, 'absent' | 'locked' | 'either'>>
}

/** security(1): errSecItemNotFound ends it with 44, errSecInteractionNotAllowed with 36, a person's refusal with 128 or 51. */
const security: KeychainTool = {
  command: (service, account) => ['security', 'find-generic-password', '-w', '-s', service, '-a', account],
  store: (service, account) => `security add-generic-password -s '${service}' -a '${account}' -w`,
  missing: 'it is a part of macOS: look for it in PATH',
  codes: { 44: 'absent', 36: 'locked', 51: 'locked', 128: 'locked' },
}

/** secret-tool(1) says 1 whatever is the matter. By these two attributes other programs store and find entries, too. */
const secretTool: KeychainTool = {
  command: (service, account) => ['secret-tool', 'lookup', 'service', service, 'username', account],
  store: (service, account) => `secret-tool store --label='${service}' service '${service}' username '${account}'`,
  missing: 'install libsecret-tools (Debian, Ubuntu) or libsecret (Fedora, Arch)',
  codes: { 1: 'either' },
}

const tools: Readonly<Partial<Record<NodeJS.Platform, KeychainTool>>> = { darwin: security, linux: secretTool }

/**
 * Asks the keychain of the person who started Remit for an entry, named `SERVICE/ACCOUNT`; the account is what follows the
 * last slash. It may have to be unlocked, by a person at the screen.
 */
export async function readKeychain(
  entry: string,
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
): Promise<Found> {
  const from = `comes from the keychain entry ${entry}`
  const tool = tools[platform]
  if (!tool)
    return { fault: `${from}, and no tool is known that reads one on ${platform}: write { exec: [COMMAND, …] }` }
  const at = entry.lastIndexOf('/')
  const [service, account] = [entry.slice(0, at), entry.slice(at + 1)]
  const command = tool.command(service, account)
  const ran = await runSourceCommand(command, environment)
  if ('printed' in ran) {
    const value = ran.printed.trim()
    return value === '' ? { fault: `${from}, which is empty` } : { value }
  }
  if (ran.code === 'ENOENT') return { fault: `${from}, and ${command[0]} is not here to read it: ${tool.missing}` }
  const store = `store it with ${tool.store(service, account)}`
  switch (typeof ran.code === 'number' ? tool.codes[ran.code] : undefined) {
    case 'absent':
      return { fault: `${from}, which is not there: ${store}` }
    case 'locked':
      return { fault: `${from}, which is locked, or was not allowed to be read: unlock the keychain` }
    case 'either':
      return { fault: `${from}, which is not there, or locked: ${store}` }
    default:
      return { fault: `${from}: ${command[0]} ${ran.fault}` }
  }
}
