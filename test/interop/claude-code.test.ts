import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { root } from '../support/remit-command.ts'
import { matrix } from './matrix.ts'
import { type Command, type HostPlace, openHostPlace } from './support/run-host.ts'
import { type Asked, openScriptedMessages, type ScriptedMessages } from './support/scripted-messages.ts'
import { folderOf, tryOut } from './support/try-out.ts'

const program = join(`${folderOf(matrix.claudeCode)}-${process.platform}-${process.arch}`, 'claude')
const server = join(root, 'test/interop/fixtures/host-main.ts')
const named = (tool: string) => `mcp__interop__${tool}`

/** A model that uses one tool where it is there, and then says what came of it. */
function modelThatUses(tool: string, input: JsonObject): Promise<ScriptedMessages> {
  return openScriptedMessages(({ tools, results }: Asked) => {
    if (results.length > 0) return { text: JSON.stringify(results) }
    return tools.includes(named(tool)) ? { tool: named(tool), input } : { text: 'The tool is not there.' }
  })
}

/** How Claude Code is started for one question, with our server and that model, and nothing of anybody's own. */
function commandOf(place: HostPlace, model: ScriptedMessages): Command {
  const configuration = { command: process.execPath, args: [server], env: place.serverEnvironment }
  const file = join(place.folder, 'mcp.json')
  writeFileSync(file, JSON.stringify({ mcpServers: { interop: configuration } }))
  const args = ['-p', 'Go on.', '--mcp-config', file, '--strict-mcp-config', '--allowedTools', 'mcp__interop']
  const environment = {
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: 'nobody',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    ENABLE_TOOL_SEARCH: 'false',
  }
  return { program, args, environment }
}

async function resultOf(tool: string, input: JsonObject): Promise<Asked['results']> {
  await using place = await openHostPlace()
  await using model = await modelThatUses(tool, input)
  const { stdout } = await place.run(commandOf(place, model))
  return JSON.parse(stdout)
}

tryOut(
  'claudeCode',
  {
    async list() {
      await using place = await openHostPlace()
      await using model = await openScriptedMessages(() => ({ text: 'Hello.' }))
      const { stdout } = await place.run(commandOf(place, model))
      expect(stdout.trim()).toBe('Hello.')
      const ours = model.asked.flatMap(({ tools }) => tools).filter((name) => name.startsWith(named('')))
      expect([...new Set(ours)].sort()).toEqual(
        ['add_numbers', 'count_up', 'refuse_everything', 'wait_long'].map(named),
      )
      expect(place.opened()).toBe(matrix.claudeCode.era)
    },
    async call() {
      expect(await resultOf('add_numbers', { a: 2, b: 3 })).toMatchObject([{ content: '{"sum":5}' }])
    },
    async error() {
      const results = await resultOf('refuse_everything', {})
      expect(results).toMatchObject([{ is_error: true }])
      expect(JSON.stringify(results)).toContain('This is always refused.')
    },
    async cancel() {
      await using place = await openHostPlace()
      await using model = await modelThatUses('wait_long', {})
      const host = place.start(commandOf(place, model))
      host.stdin.end()
      await vi.waitFor(() => expect(place.waits()).toEqual(['started']), { timeout: 60_000 })
      host.kill('SIGINT')
      await vi.waitFor(() => expect(place.waits()).toEqual(['started', 'cancelled']), { timeout: 30_000 })
    },
  },
  120_000,
)
