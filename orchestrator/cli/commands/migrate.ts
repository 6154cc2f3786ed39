import { type AddCommand, jsonOption, print, printJson } from '../context.ts'
import { interruptible } from '../open-interruptibly.ts'
import { good } from '../text/line.ts'

/** `remit migrate`: brings the record up to date by itself; every other command does so as well when it opens it. */
export const addMigrate: AddCommand = (program, context) => {
  program
    .command('migrate')
    .summary("bring the record's tables up to date")
    .option(...jsonOption)
    .action(async ({ json }: { json?: boolean }) => {
      const migrated = await interruptible(context.terminal, () => context.workplace.migrate())
      if (json) return printJson(context, migrated)
      const { applied, current } = migrated
      if (applied.length === 0) print(context, [[`Nothing to do: the record is at ${current}.`]])
      else print(context, [...applied.map((name) => [good('✓'), ` ${name}`]), [`The record is at ${current}.`]])
    })
}
