import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Goal } from '../model/goal.ts'
import type { McpCaller } from './backend.ts'

/** The goals that a caller may have pursued: nobody is shown how to ask for another. */
export function goalsFor(caller: McpCaller | undefined, goals: readonly Goal[]): readonly Goal[] {
  if (!caller?.scopes.has('runs:write')) return []
  const { goals: allowed } = caller.ceiling
  return allowed ? goals.filter(({ goal }) => allowed.includes(goal)) : goals
}

/** Registers a prompt for each goal: what a person picks to have it pursued. */
export function registerGoals(server: McpServer, goals: readonly Goal[]): void {
  for (const goal of goals) {
    server.registerPrompt(
      goal.goal,
      {
        title: goal.title,
        description: goal.description,
        argsSchema: z.object({ details: z.string().describe('What the goal is to be pursued for, in your own words') }),
      },
      ({ details }) => ({
        messages: [{ role: 'user', content: { type: 'text', text: textOf(goal, details) } }],
      }),
    )
  }
}

function textOf({ goal, title, description, input }: Goal, details: string): string {
  return [
    `Pursue the goal "${goal}" (${title}) with the tool start_run of Remit. ${description}`.trim(),
    `Its input has this JSON Schema; ask me for what is required and missing:\n${JSON.stringify(input)}`,
    `What I want:\n${details}`,
  ].join('\n\n')
}
