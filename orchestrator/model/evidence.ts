import type { CallState, Situation } from './situation.ts'

/** Where a call is one item of a list, it is evidence only once the whole list is done. */
export function isWhole({ tasks }: Situation, { task_id }: CallState): boolean {
  const group = tasks.get(task_id)?.item_of
  return group === undefined || tasks.get(group)?.status === 'succeeded'
}

/** The call that established each of the goal's outcomes and still stands. */
export function evidenceFor(situation: Situation): { fact: string; established_by: string }[] {
  const standing = [...situation.calls.values()].filter((call) => stands(call) && isWhole(situation, call))
  const onlyReads = ({ server, tool }: CallState) => situation.tools[`${server}.${tool}`]?.effect === 'read'
  return situation.created.goal.outcomes.flatMap(({ fact, existing }) => {
    const call = standing.findLast((one) => one.establishes.includes(fact) && (existing || !onlyReads(one)))
    return call ? [{ fact, established_by: call.call_id }] : []
  })
}

function stands({ purpose, outcome, compensated_by }: CallState): boolean {
  return purpose === 'task' && outcome?.status === 'succeeded' && compensated_by === undefined
}
