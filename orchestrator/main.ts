import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifestSchema } from '../shared/manifest.ts'
import { checkNames } from './check-names.ts'
import { processTerminal } from './cli/process-terminal.ts'
import { runCli } from './cli/run-cli.ts'
import { ConfigError, readConfig } from './config.ts'
import { pinsFile, readPins } from './execute/pin-store.ts'
import { CatalogueError, catalogueOf } from './model/catalogue.ts'
import { withPins } from './model/pin.ts'
import { openWorkplace } from './open-workplace.ts'
import { YamlError } from './parse-yaml.ts'

/** The composition root: configuration and the reviewed manifest in, one command run, its exit code out. */
async function main(): Promise<number> {
  const config = readConfig()
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(config.root, 'servers', 'manifest.json'), 'utf8')))
  const catalogue = withPins(catalogueOf(manifest), readPins(pinsFile(config.home)))
  checkNames(config, catalogue)
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
