// `npm run conformance`: the protocol's own suite against Remit, as a table or, with --json, as one JSON document.
import { parseArgs } from 'node:util'
import pc from 'picocolors'
import { openHome } from '../../orchestrator/home/home.ts'
import { joinHome } from '../../orchestrator/home/shared-process.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { Judgement, Verdict } from './judge.ts'
import { legsOf } from './legs.ts'

const { json } = parseArgs({ options: { json: { type: 'boolean', default: false } } }).values

const folder = await temporaryFolder('remit-conformance-')
const home = openHome(`${folder.path}/home`)
const membership = await joinHome(home)
const results: Record<string, Judgement> = {}
try {
  for (const { name, run } of legsOf({ home, membership }, { onLog: () => {}, onTrouble: () => {} })) {
    if (!json) console.log(pc.bold(name))
    results[name] = await run()
    if (!json) show(results[name])
  }
} finally {
  await membership.leave()
  await removePlacedData(home)
  await folder.remove()
}
if (json) console.log(JSON.stringify(results, undefined, 2))
if (Object.values(results).some(({ surprises }) => surprises.length > 0)) process.exitCode = 1

function show({ verdicts, surprises }: Judgement): void {
  for (const verdict of verdicts) console.log(lineOf(verdict))
  const required = verdicts.filter((verdict) => verdict.required)
  const passed = required.filter(({ outcome }) => outcome === 'passed')
  if (required.length > 0) console.log(`  ${passed.length} of ${required.length} required scenarios pass`)
  for (const surprise of surprises) console.log(pc.red(`  not expected: ${surprise}`))
  console.log()
}

function lineOf({ scenario, required, outcome, passed, failed, because }: Verdict): string {
  const mark = { passed: pc.green('✓'), failed: pc.yellow('✗'), skipped: pc.dim('-'), missing: pc.red('?') }[outcome]
  const count = `${passed} of ${passed + failed.length} checks`
  const line = `  ${mark} ${scenario.padEnd(46)} ${count.padEnd(18)}${required ? '' : pc.dim('optional')}`
  return because === undefined ? line.trimEnd() : `${line}\n      ${pc.dim(because)}`
}
