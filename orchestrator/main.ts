import { processTerminal } from './cli/process-terminal.ts'
import { runCli } from './cli/run-cli.ts'
import { ConfigError, readConfig } from './config.ts'
import { loadCatalogue } from './load-catalogue.ts'
import { CatalogueError } from './model/catalogue.ts'
import { openWorkplace } from './open-workplace.ts'
import { YamlError } from './parse-yaml.ts'

/** The composition root: configuration and the reviewed manifest in, one command run, its exit code out. */
async function main(): Promise<number> {
  const config = readConfig()
  const catalogue = loadCatalogue(config)
  const workplace = openWorkplace(config, catalogue)
  const { invocationFolder: folder, environment } = config
  const terminal = processTerminal({ ...config.terminal, folder, environment })
  return runCli(process.argv.slice(2), workplace, terminal)
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof YamlError || error instanceof CatalogueError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
