/** All that a server's author imports. Tests import `testing.ts`, emulators `emulator.ts`. */
export { CapabilityError, type Failure, type FailureKind, type Issue, UncertainError } from '../failure.ts'
export type { Json, JsonObject } from '../json.ts'
export type { RequestRule } from '../manifest.ts'
export { type AnyServer, type ConnectContext, defineServer, type ServerDefinition } from './define-server.ts'
export { type AnyTool, type BoundCall, type CallContext, defineTool, type ToolDefinition } from './define-tool.ts'
export { destination, fact, sensitive } from './fields.ts'
export { serve } from './serve.ts'
