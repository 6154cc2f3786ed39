import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHome } from '../../orchestrator/home/home.ts'
import type { Decision, Task } from '../../orchestrator/model/decision.ts'
import type { RunDocument } from '../../orchestrator/run/document.ts'
import { answerText } from '../support/model/answer-text.ts'
import { type Heard, type MessagesApi, messagesApi, type Script } from '../support/model/messages-api.ts'
import { modelOf, onboardingTasks, readPrompt } from '../support/model/onboarding-model.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { processesOf, remit } from '../support/remit-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let home: string
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let api: MessagesApi
let script: Script
const apiKey = 'sk-ant-scripted-0123456789'

beforeAll(async () => {
  folder = await temporaryFolder('remit-claude-')
  home = join(folder.path, 'home')
  api = await messagesApi((heard, nth) => script(heard, nth))
})

afterAll(async () => {
  await api.close()
  await remit(home, ['stop']).ended
  await removePlacedData(openHome(home))
  await folder.remove()
})

const withModel = (...args: string[]) =>
  remit(home, args, { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: api.url, ANTHROPIC_MODEL: 'claude-opus-5-5' })

describe('Claude onboards a customer', { timeout: 120_000 }, () => {
  test('in two model calls, counted in tokens and dollars, with the cache read by the second', async () => {
    script = modelOf(onboardingTasks)
    const { code, stdout, stderr } = await withModel('run', 'onboard', '--input', 'examples/acme.json', '--json').ended
    expect(stderr).not.toContain('Error')
    expect(code).toBe(0)
    const document = JSON.parse(stdout) as RunDocument
    expect(document.status).toBe('succeeded')
    expect(document.outcomes).toHaveLength(5)
    expect(document.usage.model_calls).toBe(2)
    expect(document.usage.cache_read_tokens).toBeGreaterThan(1_000)
    expect(document.usage.input_tokens).toBeGreaterThan(document.usage.cache_read_tokens ?? 0)
    expect(document.usage.cost_usd).toBeGreaterThan(0)
    expect(api.heard).toHaveLength(2)
    expect(processesOf(home)).toEqual([])
  })

  test('and shows afterwards exactly what was sent, without the secrets', async () => {
    const { stdout, code } = await remit(home, ['show', 'last', '--prompts']).ended
    expect(code).toBe(0)
    for (const { body } of api.heard) {
      for (const { text } of [...body.system, ...body.messages.flatMap(({ content }) => content)])
        expect(stdout).toContain(text)
    }
    const { stdout: record } = await remit(home, ['events', 'last', '--json']).ended
    expect(`${stdout}${record}`).not.toContain(apiKey)
    expect(api.heard[0]?.headers['x-api-key']).toBe(apiKey)
    expect(JSON.stringify(api.heard.map(({ body }) => body))).not.toContain('DE123456789')
  })

  test('and is replayed from its record without a model', async () => {
    const asked = api.heard.length
    const { code, stdout } = await remit(home, ['replay', 'last', '--json']).ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ differences: [] })
    expect(api.heard).toHaveLength(asked)
  })

  test('from a cassette without a key, once it was recorded', async () => {
    const tape = join(folder.path, 'tape.jsonl')
    const goal = ['run', 'onboard', '--input', 'examples/acme.json', '--json']
    expect((await withModel(...goal, '--record', tape).ended).code).toBe(0)
    const asked = api.heard.length
    const { code, stdout } = await remit(home, [...goal, '--reasoner', 'claude', '--replay-model', tape]).ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded', usage: { model_calls: 2 } })
    expect(api.heard).toHaveLength(asked)
    expect(readFileSync(tape, 'utf8')).not.toContain(apiKey)
  })

  test('and does what is asked in free text, with evidence for what it did', async () => {
    const tell: Task = {
      id: 'tell',
      tool: 'slack.post_message',
      arguments: { channel: '#customers', text: { $ref: '/input/text' } },
      after: [],
      why: '',
    }
    script = (heard) => {
      const { text } = readPrompt(heard)
      const outcomes = [{ fact: 'slack.message', established_by: 'tell' }]
      const finish: Decision = { kind: 'finish', outcomes, why: 'It was told.' }
      const plan: Decision = { kind: 'plan', tasks: [tell], why: 'To tell them.' }
      return { text: answerText(text.includes('Nothing has been done yet.') ? plan : finish) }
    }
    const input = '{"text": "Lunch is ready"}'
    const { code, stdout } = await withModel('run', 'tell #customers that lunch is ready', '--input', input, '--json')
      .ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      goal: 'free_text',
      status: 'succeeded',
      outcomes: [{ fact: 'slack.message' }],
    })
  })

  test('and gives a part of what is asked away in words, to a run that decides for itself with less', async () => {
    const part: Task = {
      id: 'part',
      tool: 'goals.pursue_text',
      arguments: {
        text: 'Tell #customers what the input says.',
        outcomes: ['slack.message'],
        input: { text: { $ref: '/input/text' } },
      },
      after: [],
      why: '',
      slice: {
        tools: ['slack.*'],
        budget: { tool_calls: 2, model_calls: 3, tokens: 150_000, cost_usd: 1.5 },
      },
    }
    const tell: Task = {
      id: 'tell',
      tool: 'slack.post_message',
      arguments: { channel: '#customers', text: { $ref: '/input/text' } },
      after: [],
      why: '',
    }
    const before = api.heard.length
    const isOfPart = (heard: Heard) => heard.body.system[1]?.text.includes('# Goal\nTell #customers what') === true
    script = (heard) => {
      const [task, fact] = isOfPart(heard) ? [tell, 'slack.message'] : [part, 'goals.pursue_text']
      const outcomes = [{ fact, established_by: task.id }]
      const decision: Decision = readPrompt(heard).isNew
        ? { kind: 'plan', tasks: [task], why: 'To have it told.' }
        : { kind: 'finish', outcomes, why: 'It was told.' }
      return { text: answerText(decision) }
    }
    const input = '{"text": "Supper is ready"}'
    const { code, stdout } = await withModel('run', 'see that everybody hears of supper', '--input', input, '--json')
      .ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'succeeded',
      outcomes: [{ fact: 'goals.pursue_text' }],
      usage: { model_calls: 4 },
    })
    const heard = api.heard.slice(before)
    expect(heard.map(isOfPart)).toEqual([false, true, true, false])
    const ofPart = heard[1]?.body.system[1]?.text ?? ''
    expect(ofPart).toContain('Only these tools may be used: slack.*')
    expect(ofPart.match(/^## \w+\.\w+/gm)?.every((card) => card.startsWith('## slack.'))).toBe(true)
    const { stdout: child } = await remit(home, ['show', 'last/part', '--json']).ended
    expect(JSON.parse(child)).toMatchObject({
      goal: 'free_text',
      status: 'succeeded',
      outcomes: [{ fact: 'slack.message' }],
      usage: { model_calls: 2, tool_calls: 1 },
    })
  })

  test('and free text with outcomes needs no model', async () => {
    const input = '{"slack.channel": "#customers", "slack.text": "Dinner is ready"}'
    const args = ['run', 'tell them about dinner', '--outcome', 'slack.message', '--input', input, '--json']
    const { code, stdout } = await remit(home, args).ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded', usage: { model_calls: 0 } })
  })
})
