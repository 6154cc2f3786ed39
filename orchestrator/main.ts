import { processTerminal } from './cli/process-terminal.ts'
import type { Workplace } from './cli/remit.ts'
import { isGroundwork, runCli, runGroundwork } from './cli/run-cli.ts'
import { ConfigError, readConfig, readTerminal } from './config.ts'
import { findProject } from './find-project.ts'
import { loadCatalogue } from './load-catalogue.ts'
import { CatalogueError } from './model/catalogue.ts'
import { openWorkplace } from './open-workplace.ts'
import { YamlError } from './parse-yaml.ts'

/** The composition root: configuration and the reviewed manifest in, one command run, its exit code out. */
async function main(): Promise<number> {
  const argv = process.argv.slice(2)
  const terminal = processTerminal(readTerminal())
  const project = findProject(process.env)
  if (isGroundwork(argv, project)) return runGroundwork(argv, project, terminal)
  return runCli(argv, workplace(), terminal)
}

function workplace(): Workplace {
  const config = readConfig()
  return openWorkplace(config, loadCatalogue(config))
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof YamlError || error instanceof CatalogueError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
