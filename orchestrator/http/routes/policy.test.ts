import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../../shared/json.ts'
import { type Client, type HttpStage, openHttpStage, startRun } from '../../../test/support/http-stage.ts'

let stage: HttpStage
let ann: Client
/** Runs of `three`, the earlier one first; each makes three items. */
const ended: string[] = []

beforeAll(async () => {
  stage = await openHttpStage()
  ann = await stage.client()
  await using _worker = stage.yard.startWorker()
  for (const subject of ['first', 'second']) ended.push(await startRun(ann, subject))
  await stage.yard.untilEnded()
}, 120_000)
afterAll(async () => {
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

interface Answer {
  status: number
  body: {
    runs?: number
    calls?: number
    otherwise?: {
      run_id: string
      tool: string
      recorded: { verdict: string }
      now: { verdict: string; rule: string }
    }[]
    next?: string
    detail?: string
    errors?: { pointer: string; detail: string; line?: number; column?: number }[]
  }
}

async function test(asked: Json, client = ann): Promise<Answer> {
  const response = await client('/v1/policy/test', { method: 'POST', body: asked })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const rule = (when: string, more = '') =>
  `rules:\n  - name: mine\n    when: '${when}'\n    verdict: deny\n    reason: no${more}\n`

describe('a policy that is tried', () => {
  it('judges each call of the runs again, and says what would be otherwise', async () => {
    const { status, body } = await test({ policy: rule('tool == "club.make_item"') })
    expect(status).toBe(200)
    expect(body).toMatchObject({ runs: 2, calls: 6 })
    expect(body.otherwise?.map(({ run_id }) => run_id)).toEqual(ended.toReversed())
    for (const one of body.otherwise ?? [])
      expect(one).toMatchObject({ tool: 'club.make_item', recorded: { verdict: 'allow' }, now: { rule: 'mine' } })
  })

  it('is the one in force where none is given, and then nothing is otherwise', async () => {
    expect(await test({})).toMatchObject({ status: 200, body: { runs: 2, calls: 6, otherwise: [] } })
  })

  it('takes one run, or pages of a few, the latest first', async () => {
    expect(await test({ run: String(ended[0]) })).toMatchObject({ body: { runs: 1, calls: 3 } })
    const first = await test({ limit: 1 })
    expect(first.body).toMatchObject({ runs: 1, next: ended[1] })
    const second = await test({ limit: 1, cursor: String(first.body.next) })
    expect(second.body).toMatchObject({ runs: 1, calls: 3 })
    expect(second.body.next).toBeUndefined()
    expect(await test({ from: new Date(Date.now() + 60_000).toISOString() })).toMatchObject({ body: { runs: 0 } })
  })

  it('never judges runs of another tenant', async () => {
    const eve = await stage.client({ tenant: 'eve', principal: 'eve' })
    expect(await test({}, eve)).toMatchObject({ status: 200, body: { runs: 0, calls: 0, otherwise: [] } })
    expect(await test({ cursor: 'ffffffff-ffff-7fff-bfff-ffffffffffff' }, eve)).toMatchObject({ body: { runs: 0 } })
    expect(await test({ run: String(ended[0]) }, eve)).toMatchObject({ status: 404 })
  })
})

describe('a text that is no policy', () => {
  it('is refused with every fault at its line', async () => {
    const { status, body } = await test({
      policy: `${rule('tool == "nobody.knows"', '\n    four_eyes: true')}  - nme: x\n`,
    })
    expect(status).toBe(422)
    expect(body.errors).toContainEqual({
      pointer: '/policy',
      detail: '/rules/1/nme is not known here; did you mean name?',
      line: 7,
      column: 5,
    })
    const known = await test({ policy: rule('tool == "nobody.knows"', '\n    four_eyes: true') })
    expect(known.body.errors).toMatchObject([
      {
        pointer: '/policy',
        detail: expect.stringContaining('/rules/0/when "nobody.knows" is no tool'),
        line: 3,
        column: 11,
      },
      { detail: expect.stringContaining('/rules/0/four_eyes goes with hold'), line: 6 },
    ])
  })

  it.each<[string, string, number]>([
    ['no YAML', 'rules: [', 1],
    ['an alias of nothing', 'rules: *nothing', 1],
    [
      'aliases that grow without end',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e'].map((name, at) => `${name}: &${name} [${`*${'abcd'[at]},`.repeat(9)}]`).join('\n')}`,
      1,
    ],
    ['nested without end', '['.repeat(100_000), 1],
    ['no CEL', rule('tool =='), 3],
  ])('is refused where it is %s', async (_, policy, line) => {
    expect(await test({ policy })).toMatchObject({
      status: 422,
      body: { errors: expect.arrayContaining([expect.objectContaining({ pointer: '/policy', line })]) },
    })
  })
})
