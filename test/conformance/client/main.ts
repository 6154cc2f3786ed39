// The client that the conformance suite starts, once for each scenario, with the URL of its server as the argument.
import type { JsonObject } from '../../../shared/json.ts'
import { scenarioNamed } from './scenarios.ts'

const { MCP_CONFORMANCE_SCENARIO: name, MCP_CONFORMANCE_CONTEXT: context } = process.env
const url = process.argv[2]
if (!name || !url)
  throw new TypeError('usage: MCP_CONFORMANCE_SCENARIO=<scenario> node test/conformance/client/main.ts URL')
try {
  await scenarioNamed(name)(url, JSON.parse(context ?? '{}') as JsonObject)
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
