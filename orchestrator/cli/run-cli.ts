import { Command, CommanderError } from 'commander'
import { packageVersion } from '../../shared/own-package.ts'
import { addAnswer } from './commands/answer.ts'
import { addApprovals, addApprove, addDeny } from './commands/approvals.ts'
import { addBackup } from './commands/backup.ts'
import { addCancel } from './commands/cancel.ts'
import { addConnect } from './commands/connect.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEvents } from './commands/events.ts'
import { addExport } from './commands/export.ts'
import { addFork } from './commands/fork.ts'
import { addInit } from './commands/init.ts'
import { addKeys } from './commands/keys.ts'
import { addManifest } from './commands/manifest.ts'
import { addMigrate } from './commands/migrate.ts'
import { addNew } from './commands/new.ts'
import { addPolicy } from './commands/policy.ts'
import { addPsql } from './commands/psql.ts'
import { addReplay } from './commands/replay.ts'
import { addRequest } from './commands/request.ts'
import { addRestore } from './commands/restore.ts'
import { addResume } from './commands/resume.ts'
import { addRun } from './commands/run.ts'
import { addRuns } from './commands/runs.ts'
import { addServe } from './commands/serve.ts'
import { addServers } from './commands/servers.ts'
import { addShow } from './commands/show.ts'
import { addSql } from './commands/sql.ts'
import { addStart } from './commands/start.ts'
import { addStop } from './commands/stop.ts'
import { addTools } from './commands/tools.ts'
import { addTriggers } from './commands/triggers.ts'
import { addVerify } from './commands/verify.ts'
import type { AddCommand, AddGroundwork, Context, Groundwork } from './context.ts'
import { exitCodes } from './follow-run.ts'
import { InputError, type Workplace } from './remit.ts'
import { reportError } from './report-error.ts'
import type { Terminal } from './terminal.ts'

/** In the order in which help lists them. */
const commands: AddCommand[] = [
  addRun,
  addRuns,
  addShow,
  addEvents,
  addAnswer,
  addApprovals,
  addApprove,
  addDeny,
  addCancel,
  addResume,
  addFork,
  addReplay,
  addStart,
  addTools,
  addServers,
  addServe,
  addConnect,
  addPolicy,
  addTriggers,
  addKeys,
  addRequest,
  addSql,
  addPsql,
  addVerify,
  addExport,
  addMigrate,
  addBackup,
  addRestore,
  addDoctor,
  addStop,
]

/** What makes a project, or what one lacks: it needs no project that is in order. */
const groundwork: Readonly<Record<string, AddGroundwork>> = { init: addInit, new: addNew, manifest: addManifest }

/** Whether a command line is one for {@link runGroundwork}; outside any project, so is what asks for help alone. */
export function isGroundwork(argv: readonly string[], project: string | undefined): boolean {
  const asked = argv.find((word) => !word.startsWith('-'))
  return asked === undefined ? project === undefined : Object.hasOwn(groundwork, asked)
}

/** Runs one command line of groundwork, as {@link runCli} does. */
export function runGroundwork(argv: readonly string[], project: string | undefined, terminal: Terminal) {
  const context: Groundwork = { project, terminal, colors: terminal.colors, exitCode: 0 }
  return runProgram(argv, context, (program) => {
    for (const add of Object.values(groundwork)) add(program, context)
  })
}

/** Runs one command line and returns its exit code. Never throws: what goes wrong is told on the terminal. */
export function runCli(argv: readonly string[], workplace: Workplace, terminal: Terminal): Promise<number> {
  const project = workplace.root
  const context: Context & Groundwork = { workplace, project, terminal, colors: terminal.colors, exitCode: 0 }
  return runProgram(argv, context, (program) => {
    for (const add of [...commands, ...Object.values(groundwork)]) add(program, context)
  })
}

async function runProgram(
  argv: readonly string[],
  context: Groundwork,
  addCommands: (program: Command) => void,
): Promise<number> {
  const { terminal } = context
  const program = new Command('remit')
    .description('Runs goals. The model decides; the runtime enforces, executes and records.')
    .option('--no-color', 'no colours, as with NO_COLOR')
    .option('--debug', 'with an error, show where it came from')
    .version(packageVersion, '--version', 'print the version of Remit')
    .exitOverride()
    .configureOutput({
      writeOut: terminal.stdout,
      writeErr: terminal.stderr,
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .hook('preAction', () => {
      if (program.opts().color === false) context.colors = false
    })
  addCommands(program)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return context.exitCode
  } catch (error) {
    return onError(error, argv, program, terminal)
  }
}

function onError(error: unknown, argv: readonly string[], program: Command, terminal: Terminal): number {
  const json = argv.includes('--json')
  if (!(error instanceof CommanderError))
    return reportError(error, terminal, { json, debug: program.opts().debug === true })
  if (error.exitCode === 0) return 0
  // Commander has told the person; a script reads stdout.
  const message = error.message.replace(/^error: /, '')
  if (json) reportError(new InputError(message), { ...terminal, stderr: () => undefined }, { json, debug: false })
  return exitCodes.badUsage
}
