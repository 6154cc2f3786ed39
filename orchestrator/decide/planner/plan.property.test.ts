import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Effect } from '../../../shared/manifest.ts'
import type { Tool } from '../../model/catalogue.ts'
import type { Task } from '../../model/decision.ts'
import { goalSchema } from '../../model/goal.ts'
import { referencesIn, taskOf } from '../../model/reference.ts'
import { plan } from './plan.ts'
import type { PlanningProblem } from './problem.ts'
import { sketchTool, toolsOf } from './tool-fixture.ts'

const facts = Array.from({ length: 8 }, (_, index) => `f.v${index}`)
const outcomes = ['o.a', 'o.b', 'o.c']
const someFacts = fc.uniqueArray(fc.constantFrom(...facts), { maxLength: 3 })
const fields = (list: readonly string[]) => Object.fromEntries(list.map((fact) => [fact.slice(2), fact]))

const tool = fc.record({
  effect: fc.constantFrom<Effect>('read', 'read', 'create', 'create', 'update', 'delete'),
  needs: someFacts,
  optional: fc.uniqueArray(fc.constantFrom(...facts), { maxLength: 1 }),
  gives: someFacts,
  establishes: fc.uniqueArray(fc.constantFrom(...outcomes), { maxLength: 1 }),
})

const problems = fc
  .record({
    tools: fc.array(tool, { minLength: 1, maxLength: 14 }),
    given: someFacts,
    goal: fc.uniqueArray(fc.constantFrom(...outcomes), { minLength: 1, maxLength: 3 }),
  })
  .map(({ tools, given, goal }): PlanningProblem => {
    const properties = Object.fromEntries(given.map((fact) => [fact.slice(2), { type: 'string', fact }]))
    return {
      goal: goalSchema.parse({
        goal: 't',
        title: 't',
        input: { properties },
        outcomes: goal.map((fact) => ({ fact })),
      }),
      input: Object.fromEntries(given.map((fact) => [fact.slice(2), fact])),
      tools: toolsOf(
        ...tools.map(({ effect, needs, optional, gives, establishes }, index) =>
          sketchTool(`s.tool_${index}`, {
            effect,
            establishes,
            needs: fields(needs),
            optional: fields(optional.filter((fact) => !needs.includes(fact))),
            gives: fields(gives),
          }),
        ),
      ),
      kept: [],
      excluded: new Map(),
      waived: new Set(),
      ids: new Map(),
    }
  })

/** Checks a property of every plan found; says so if plans hardly ever are. */
function forEveryPlan(check: (tasks: Task[], problem: PlanningProblem) => void): void {
  let found = 0
  fc.assert(
    fc.property(problems, (problem) => {
      const planned = plan(problem)
      if (!planned.ok) return
      found += 1
      check(planned.tasks, problem)
    }),
    { numRuns: 800 },
  )
  expect(found).toBeGreaterThan(40)
}

const toolOf = ({ tools }: PlanningProblem, { tool: id }: Task): Tool => {
  const found = tools.get(id)
  if (!found) throw new Error(`there is no tool ${id}`)
  return found
}

test('every plan is acyclic: tasks refer to tasks before them, and to what those give', () => {
  forEveryPlan((tasks, problem) => {
    const before = new Map<string, Task>()
    for (const task of tasks) {
      expect(before.has(task.id)).toBe(false)
      for (const { ref, path } of referencesIn(task.arguments)) {
        const id = taskOf(ref)
        const consumed = toolOf(problem, task).marks.input.facts[path]
        if (id === undefined) expect(ref).toBe(`/input/${consumed?.slice(2)}`)
        else {
          const producer = before.get(id)
          expect(producer).toBeDefined()
          const pointer = ref.slice(`/tasks/${id}/output`.length)
          expect(producer && toolOf(problem, producer).marks.output.facts[pointer]).toBe(consumed)
        }
      }
      before.set(task.id, task)
    }
  })
})

test('every plan binds all required fields, and establishes every outcome without a delete or a read', () => {
  forEveryPlan((tasks, problem) => {
    for (const task of tasks) {
      const { input, effect } = toolOf(problem, task)
      expect(effect).not.toBe('delete')
      for (const field of input.required as string[]) expect(task.arguments).toHaveProperty(field)
    }
    for (const { fact } of problem.goal.outcomes) {
      const by = tasks.filter((task) => toolOf(problem, task).establishes.includes(fact))
      expect(by.some((task) => toolOf(problem, task).effect !== 'read')).toBe(true)
    }
  })
})

test('no task of a plan is there for nothing', () => {
  forEveryPlan((tasks, problem) => {
    const wanted = new Set(problem.goal.outcomes.map(({ fact }) => fact))
    const referred = new Set(tasks.flatMap((task) => referencesIn(task.arguments).map(({ ref }) => taskOf(ref))))
    for (const task of tasks) {
      const establishes = toolOf(problem, task).establishes.some((fact) => wanted.has(fact))
      expect(establishes || referred.has(task.id)).toBe(true)
    }
  })
})

test('a value that a task of the plan creates is not read by another', () => {
  forEveryPlan((tasks, problem) => {
    const byId = new Map(tasks.map((task) => [task.id, task]))
    const ancestors = (task: Task): Set<string> => {
      const found = new Set<string>([task.id])
      for (const id of found) {
        for (const { ref } of referencesIn(byId.get(id)?.arguments ?? {})) {
          const source = taskOf(ref)
          if (source !== undefined) found.add(source)
        }
      }
      return found
    }
    for (const task of tasks) {
      for (const { ref, path } of referencesIn(task.arguments)) {
        const source = byId.get(taskOf(ref) ?? '')
        if (!source || toolOf(problem, source).effect !== 'read') continue
        const { marks, input } = toolOf(problem, task)
        if (!(input.required as string[]).includes(path.slice(1))) continue
        const fact = marks.input.facts[path]
        const creators = tasks.filter((other) => {
          const { effect, marks: given, input: taken } = toolOf(problem, other)
          const handsOn = (taken.required as string[]).some((field) => given.input.facts[`/${field}`] === fact)
          return effect !== 'read' && !handsOn && Object.values(given.output.facts).includes(fact ?? '')
        })
        for (const creator of creators) expect(ancestors(creator)).toContain(task.id)
      }
    }
  })
})

test('the same problem gets the same plan, in whatever order the tools are listed', () => {
  fc.assert(
    fc.property(problems, (problem) => {
      const reversed = { ...problem, tools: new Map([...problem.tools].reverse()) }
      expect(plan(reversed)).toEqual(plan(problem))
    }),
  )
})

test('what has no plan has an issue that says why', () => {
  fc.assert(
    fc.property(problems, (problem) => {
      const planned = plan(problem)
      if (!planned.ok) expect([planned.issues.length > 0, planned.facts.length > 0]).toEqual([true, true])
    }),
  )
})

test('a plan stays as it is when the tools that it does not use may not be used', () => {
  forEveryPlan((tasks, problem) => {
    const unused = [...problem.tools.keys()].filter((id) => !tasks.some(({ tool }) => tool === id))
    const again = plan({ ...problem, excluded: new Map(unused.map((id) => [id, 'failed'])) })
    expect(again.ok && again.tasks).toEqual(tasks)
  })
})
