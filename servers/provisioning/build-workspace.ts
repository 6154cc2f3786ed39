import { type CallContext, CapabilityError, type JsonObject, UncertainError } from '../../shared/capability/index.ts'
import { onPostgres } from '../../shared/capability/postgres-failure.ts'
import { endStep, finishedSteps, setStatus, startStep, type Workspace } from './ledger.ts'
import { cluster, type ProvisioningClient } from './provisioning-client.ts'
import { refuseIfStopped } from './refuse-if-stopped.ts'
import { ensureSecret } from './secrets.ts'
import type { Admin } from './starter-schema.ts'
import { type Step, type StepContext, steps } from './steps.ts'

type Building = Pick<CallContext<ProvisioningClient>, 'client' | 'dataFolder' | 'signal' | 'progress'>

/** How a workspace is to be built. */
export interface BuildPlan {
  /** Becomes the first member where there is no owner yet; whoever leaves it out counts on one being there. */
  admin: Admin | undefined
  /** `left`: the steps that the ledger does not have as finished. `every`: all of them again, whatever the ledger says. */
  steps: 'left' | 'every'
}

/**
 * Brings a workspace from wherever it is to `ready`, step by step in order. A failure says in `done` what exists by then,
 * with the id by which it can be repaired or removed.
 */
export async function buildWorkspace(workspace: Workspace, plan: BuildPlan, building: Building): Promise<Workspace> {
  const standing: Standing = { finished: new Set() }
  try {
    return await onPostgres({ database: cluster, effect: true }, () => build(workspace, plan, building, standing))
  } catch (error) {
    throw withDone(error, workspace, standing)
  }
}

/** How far the building of a workspace has come. */
interface Standing {
  /** Steps by name; none where nobody has looked yet. */
  finished: Set<string>
  /** The step that is under way. */
  at?: Step
}

async function build(
  workspace: Workspace,
  plan: BuildPlan,
  { client, dataFolder, signal, progress }: Building,
  standing: Standing,
): Promise<Workspace> {
  const { sql } = client
  const { url, fresh } = await ensureSecret(dataFolder, workspace.secret, (password) =>
    client.tenantUrl(workspace, password),
  )
  // A lost password is set anew by applying every step again.
  const again = fresh || plan.steps === 'every'
  const finished = new Set(again ? [] : await finishedSteps(sql, workspace.workspace_id))
  standing.finished = finished
  const context: StepContext = { sql, workspace, tenantUrl: client.reached(url), admin: plan.admin }
  for (const [done, step] of steps.entries()) {
    if (finished.has(step.name)) continue
    progress(done, steps.length, step.title)
    standing.at = step
    refuseIfStopped(signal, `the step "${step.name}"`)
    await applyStep(step, context, client)
    finished.add(step.name)
  }
  delete standing.at
  refuseIfStopped(signal, 'the workspace was ready')
  await setStatus(sql, workspace.workspace_id, 'ready')
  progress(steps.length, steps.length, 'Ready')
  return { ...workspace, status: 'ready' }
}

async function applyStep(step: Step, context: StepContext, { sql, fault }: ProvisioningClient): Promise<void> {
  const { workspace_id } = context.workspace
  const attempt = await startStep(sql, workspace_id, step.name)
  try {
    rehearse(fault, step, attempt)
    await step.apply(context)
  } catch (error) {
    // The reason to fail is worth more than the note of it: with Postgres away, this fails as well.
    await endStep(sql, workspace_id, step.name, 'failed').catch(() => undefined)
    throw error
  }
  await endStep(sql, workspace_id, step.name, 'finished')
}

function rehearse(fault: ProvisioningClient['fault'], { name, title }: Step, attempt: number): void {
  if (fault?.step !== name) return
  const rehearsed = `(rehearsed: provisioning=${fault.mode})`
  if (fault.mode === 'broken') throw new CapabilityError('internal', `"${title}" cannot be done ${rehearsed}.`)
  if (attempt === 1) throw new CapabilityError('unavailable', `"${title}" cannot be done now ${rehearsed}.`)
}

/** The same failure, which also tells where it happened and what is there. */
function withDone(error: unknown, workspace: Workspace, { finished, at }: Standing): unknown {
  if (!(error instanceof CapabilityError) && !(error instanceof UncertainError)) return error
  const { kind, message, ...details } = error.failure
  const { workspace_id, database, role } = workspace
  const done: JsonObject = { workspace_id, database, role, status: 'building', steps: [...finished] }
  const text = at
    ? `Step "${at.name}" of ${workspace_id} failed: ${message}`
    : `${workspace_id} is not ready: ${message}`
  const more = { ...details, done, cause: error.cause }
  return error instanceof CapabilityError ? new CapabilityError(kind, text, more) : new UncertainError(text, more)
}
